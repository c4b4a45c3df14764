"""What the registry is given of one trained variant, and the tags by which its version is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow.entities import Metric

TASK, VARIANT, DATA_KIND = "symptomeme.task", "symptomeme.variant", "symptomeme.data_kind"
DIGEST = "symptomeme.digest"  # of the model folder's files: what a version is known by
KIND = "symptomeme.kind"  # "variant" of this model, or "baseline": compared with, never served


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """All that goes into the registry with one trained variant."""

    digest: str  # of the model folder's files
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    curves: Mapping[str, list[tuple[int, float]]]  # figure: (epoch, value)
    model: Path  # folder
    files: Mapping[str, Sequence[Path]]  # artifact folder: files and folders
    description: str  # for people

    def logged_metrics(self, run_id: str, model_id: str) -> list[Metric]:
        """Metrics and curves as MLflow takes them, told of the run and of the model."""
        single = [(name, 0, value) for name, value in self.metrics.items()]
        points = [(f"curve/{name}", epoch, value) for name, curve in self.curves.items() for epoch, value in curve]
        return [
            Metric(name, value, timestamp=0, step=step, model_id=model_id, run_id=run_id)
            for name, step, value in [*single, *points]
        ]


def flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys joined by dots."""
    told: dict[str, Any] = {}
    for key, inner in value.items():
        name = f"{prefix}{key}"
        told.update(flat(inner, f"{name}.") if isinstance(inner, Mapping) else {name: inner})
    return told
