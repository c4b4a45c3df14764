"""A champion, and what new rows are compared with: its validation memes, and the texts it was trained on."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
from mlflow.entities.model_registry import ModelVersion

from symptomeme.data.wording import normalise
from symptomeme.domain.digests import of_text
from symptomeme.domain.errors import RegistryError
from symptomeme.domain.records import REFERENCE_ROWS, TEXT_ROWS, TRAINING_ROWS, read_rows
from symptomeme.lifecycle.moves import CHAMPION
from symptomeme.lifecycle.registry import Registry

REFERENCE, TRAINING = "reference/reference.parquet", "training/training_memes.parquet"


class Champion(NamedTuple):
    """A champion, its validation memes and those it was trained on."""

    version: ModelVersion
    model: Path  # folder
    reference: pd.DataFrame
    trained: pd.DataFrame


def read_champion(name: str, experiment: str) -> Champion:
    """The champion of a registered model, and its tables.

    Raises:
        RegistryError: there is none, or a table was not logged with it.
    """
    registry = Registry(experiment=experiment)
    model, version = registry.fetch(f"models:/{name}@{CHAMPION}")
    with TemporaryDirectory(prefix="symptomeme-monitor-") as scratch:
        tables = [
            _table(registry, version, path, schema, Path(scratch))
            for path, schema in ((REFERENCE, REFERENCE_ROWS), (TRAINING, TRAINING_ROWS))
        ]
    return Champion(version, model, *tables)


def trained_texts(trained: pd.DataFrame, texts: Path) -> pd.DataFrame:
    """Length and confidence of the texts a model was trained on, as far as they are still there.

    No row when one of them is another than it was trained on: they were read anew in another way, and those that came
    out equal are the easy ones.

    Args:
        trained: `records.TRAINING_ROWS` of the model.
        texts: `records.TEXT_ROWS` of its task.

    Returns:
        Columns text_length and ocr_confidence.
    """
    found = trained.iloc[:0].assign(text="", confidence=0.0)
    if texts.is_file():
        there = trained.merge(read_rows(texts, TEXT_ROWS), on="key")
        if [of_text(normalise(text)) for text in there.text] == there.text_sha256.tolist():
            found = there
    return pd.DataFrame({"text_length": found.text.str.len(), "ocr_confidence": found.confidence})


def _table(registry: Registry, version: ModelVersion, path: str, schema: pa.Schema, into: Path) -> pd.DataFrame:
    found = registry.logged(version, path, into=into)
    if found is None:
        raise RegistryError(
            f"{version.name} {version.version}: {path} is not among the artifacts of its run, so there is nothing to "
            "compare with. Train and register it again ('dvc repro'), and promote that."
        )
    return read_rows(found, schema)
