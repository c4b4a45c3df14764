"""A model folder becomes an MLflow model that loads and serves wherever its requirements are installed."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.environment_variables import MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, DataType, Schema
from mlflow.types.schema import Array, Map, Object, Property

from symptomeme.lifecycle.manifest import write_manifest
from symptomeme.lifecycle.requirements import REGISTERED, of_model
from symptomeme.sample.draw import Order, draw_meme

SCRIPT = Path(__file__).with_name("pyfunc_model.py")
"""Run by MLflow where the model is loaded."""

MODEL = Path("artifacts/model")
"""Where the model folder lies in the package."""

_STRING, _DOUBLE = DataType.string, DataType.double
_SCORES = Map(_DOUBLE)  # by class
_TEXT = Object(
    [Property("value", _STRING), Property("confidence", _DOUBLE, required=False), Property("engine", _STRING)]
)
_MODEL = Object([Property("name", _STRING), Property("version", _STRING, required=False), Property("variant", _STRING)])
_TASK = Object(
    [
        Property("labels", Array(_STRING)),
        Property("probabilities", _SCORES),
        Property("thresholds", _SCORES),
        Property("abstain", DataType.boolean),
        Property("model", _MODEL),
    ]
)
SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec(DataType.binary, "image"), ColSpec(_STRING, "text", required=False)]),
    outputs=Schema(
        [
            ColSpec(_STRING, "image"),
            ColSpec(_STRING, "sha256"),
            ColSpec(_TEXT, "text"),
            ColSpec(Map(_TASK), "tasks"),
            ColSpec(Map(_DOUBLE), "milliseconds"),
            ColSpec(_STRING, "notice"),
        ]
    ),
)
"""What docs/model-output.md says, in MLflow's words."""


def package(target: Path, model: Path, *, name: str, described: Model) -> str:
    """Write an MLflow model of the flavour python_function, with this package's code, to a new folder.

    Args:
        target: the folder.
        model: a model folder, as `train` leaves it; its own name is that in MODEL.
        name: what answers call it when it is loaded by its place instead of its registered name.
        described: what MLflow knows of it already: ids of run and logged model.

    Returns:
        The digest that `check_manifest` takes.
    """
    needed = sorted({*REGISTERED, *of_model(model)})  # pinned to what is installed where it is registered
    with without_bars():  # it would show one for the copy of `model`
        mlflow.pyfunc.save_model(
            target,
            python_model=str(SCRIPT),
            artifacts={MODEL.name: str(model)},
            model_config={"name": name},
            code_paths=[str(Path(__file__).parents[1])],
            pip_requirements=[f"{found}=={version(found).partition('+')[0]}" for found in needed],
            signature=SIGNATURE,
            input_example=example(),
            mlflow_model=described,
        )
    return write_manifest(target)


@contextmanager
def without_bars() -> Iterator[None]:
    """Let MLflow copy files without a progress bar."""
    bars = MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.get()
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.set(False)
    try:
        yield
    finally:
        MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.set(bars)


def example() -> pd.DataFrame:
    """A small drawn meme with its words, always the same."""
    words = "when the kettle clicks and I jump"
    return pd.DataFrame(
        {"image": [draw_meme(Order(key="example", text=words, widths=(160, 160))).data], "text": [words]}
    )
