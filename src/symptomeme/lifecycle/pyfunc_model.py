"""The registered model as MLflow loads it: this file is logged with it and run again there, so that nothing is pickled.

A table in, a row a meme: `image` (bytes, or base64 of them) and, where the column is there and not null, `text`.
A list of answers out, as `symptomeme classify --json` gives them.
"""

import base64
import binascii
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import yaml

from symptomeme.domain.errors import ImageError, RegistryError
from symptomeme.lifecycle.manifest import FILES, NAMED_LATER, check_manifest


class MemeModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """One registered model, loaded once."""

    def load_context(self, context: Any) -> None:
        """Load the model folder among the artifacts.

        Raises:
            RegistryError: a file is not what was registered, or the registry that the model came from gives no answer.
        """
        from symptomeme.predictor import Predictor, Served  # noqa: PLC0415 - saving runs this file, without torch

        folder = Path(context.artifacts["model"])
        root = folder.parents[1]
        named = root / NAMED_LATER  # not there when the model is loaded by its place
        told = yaml.safe_load(named.read_text(encoding="utf-8")) if named.is_file() else {}
        check_manifest(root, digest=_registered(told))
        self.served = Served(
            predictor=Predictor(folder),
            name=told.get("model_name", context.model_config["name"]),
            version=str(told["model_version"]) if told else None,
        )

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> list[Any]:
        """Answer each row; it is called by its label in the table's index.

        Raises:
            ImageError: a row's image cannot be read.
            ToolError: there is no text, and Tesseract is missing or failed.
        """
        from symptomeme.predictor import answer  # noqa: PLC0415 - as above

        texts = model_input["text"] if "text" in model_input else [None] * len(model_input)
        return [
            answer(_bytes(image, f"row {row}"), str(row), [self.served], None if pd.isna(text) else str(text))
            for row, image, text in zip(model_input.index, model_input["image"], texts, strict=True)
        ]


def _registered(told: dict[str, Any]) -> str | None:
    """The digest of the list of files, as the version's tag has it; None: there is no registry to be asked.

    Args:
        told: name and version, as MLflow has noted them.
    """
    if not told or not mlflow.is_tracking_uri_set():
        return None
    name, version = told["model_name"], str(told["model_version"])
    try:
        return str(mlflow.MlflowClient().get_model_version(name, version).tags.get(FILES, ""))
    except mlflow.MlflowException as error:
        why = " ".join(str(error.message).split())
        raise RegistryError(f"{name} {version}: the registry cannot be asked for its digest ({why[:200]}).") from None


def _bytes(image: Any, where: str) -> bytes:
    """The bytes of a cell; JSON can only carry them as base64."""
    if not isinstance(image, str):
        return bytes(image)
    try:
        return base64.b64decode(image, validate=True)
    except binascii.Error:
        raise ImageError(f"{where}: image is neither bytes nor base64. Send the file's bytes.") from None


mlflow.models.set_model(MemeModel())
