"""Model folders in BentoML's store."""

from pathlib import Path

import bentoml
from bentoml.exceptions import NotFound

from symptomeme.domain.digests import of_folder
from symptomeme.domain.errors import ModelError
from symptomeme.domain.layout import BENTOML
from symptomeme.domain.pointer import MODEL_FOLDER, PackagedModel


def stored_folder(model: PackagedModel) -> Path:
    """The folder of a packaged model, in the store that BentoML uses or in the project's own.

    Raises:
        ModelError: it is not there, or not what was packaged.
    """
    name, _, version = model.tag.partition(":")
    try:
        found = Path(bentoml.models.get(model.tag).path)
    except NotFound:  # BENTOML_HOME is not set, as when a person types `bentoml serve` in the project's root
        found = BENTOML / "models" / name / version
    folder = found / MODEL_FOLDER
    if not folder.is_dir():
        raise ModelError(f"{model.tag} is not in BentoML's model store. Run 'symptomeme package'.")
    if of_folder(folder) != model.digest:
        raise ModelError(f"{model.tag} in BentoML's model store has changed since it was packaged: it is not loaded.")
    return folder
