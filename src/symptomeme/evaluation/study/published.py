"""What others published of these tasks, to stand beside our figures."""

from importlib.resources import files
from typing import Any, NamedTuple

import yaml


class PublishedFigure(NamedTuple):
    """F1 that was published of a configuration, on the published test split of the real data set."""

    configuration: str
    inputs: str  # as in the study's table
    macro_f1: float
    weighted_f1: float


class Published(NamedTuple):
    """What was published of one task, and where."""

    source: str
    rows: dict[str, list[PublishedFigure]]  # by the study's row that is of the same kind
    best: PublishedFigure
    source_of_best: str


def published(task: str) -> Published:
    """What was published of a task."""
    text = files("symptomeme").joinpath("assets/study/published.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    rows: dict[str, list[PublishedFigure]] = {}
    for row in found["rows"]:
        rows.setdefault(row["row"], []).append(_figure(row, task))
    best = found["best"]
    return Published(found["source"], rows, _figure(best, task), best["source"])


def _figure(row: dict[str, Any], task: str) -> PublishedFigure:
    return PublishedFigure(row["configuration"], row["inputs"], **row[task])
