"""The one table of what runs a model outside of this repository: in a Bento, or loaded from the registry by MLflow."""

import json
from pathlib import Path

_PREDICTOR = (
    "diskcache", "numpy", "pillow", "pydantic", "pytesseract", "pyyaml", "scipy", "torch", "tqdm", "transformers",
)  # fmt: skip

SERVICE = (*_PREDICTOR, "anyio", "bentoml", "cachetools", "prometheus-client", "pydantic-settings", "starlette")
"""Distributions that the service imports."""

REGISTERED = (*_PREDICTOR, "mlflow", "pandas")
"""Distributions that a registered model imports where MLflow loads it."""

READERS: dict[str, tuple[str, ...]] = {"rapidocr": ("onnxruntime", "rapidocr", "wordninja")}
"""Distributions that either imports besides, by what reads the words of a model's memes."""


def of_reader(model: Path) -> tuple[str, ...]:
    """What is needed besides where the words of this model's memes are read, by its model folder's `ocr.source`."""
    ocr = json.loads((model / "config.json").read_text(encoding="utf-8")).get("ocr") or {}
    return READERS.get(str(ocr.get("source")), ())
