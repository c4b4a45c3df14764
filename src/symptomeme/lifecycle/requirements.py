"""The one table of what runs a model outside of this repository: in a Bento, or loaded from the registry by MLflow."""

import json
from pathlib import Path

_PREDICTOR = (
    "diskcache", "numpy", "pillow", "pydantic", "pytesseract", "pyyaml", "scipy", "torch", "tqdm", "transformers",
)  # fmt: skip

SERVICE = (*_PREDICTOR, "anyio", "bentoml", "cachetools", "captum", "prometheus-client", "pydantic-settings",
           "starlette")  # fmt: skip
"""Distributions that the service imports."""

REGISTERED = (*_PREDICTOR, "mlflow", "pandas")
"""Distributions that a registered model imports where MLflow loads it."""

READERS: dict[str, tuple[str, ...]] = {"rapidocr": ("onnxruntime", "rapidocr", "wordninja")}
"""Distributions that either imports besides, by what reads the words of a model's memes."""


RUNTIMES: dict[str, tuple[str, ...]] = {"int8": ("onnxruntime",)}
"""The same, by what the model runs in."""

NGRAMS = ("scikit-learn",)
"""The same, of a model that counts n-grams."""


def of_model(folder: Path) -> set[str]:
    """What is needed besides for this model, by its model folder's `ocr.source`, `runtime` and `ngrams`."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    reader = (config.get("ocr") or {}).get("source")
    found = {*READERS.get(str(reader), ()), *RUNTIMES.get(str(config.get("runtime")), ())}
    return found | set(NGRAMS) if config.get("ngrams") else found
