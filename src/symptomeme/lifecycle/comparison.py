"""What was trained last beside the champion, figure by figure, for those who must decide."""

import json
from typing import Any, NamedTuple

from symptomeme.domain.layout import task_paths
from symptomeme.domain.params import Params
from symptomeme.lifecycle.candidate import VARIANT
from symptomeme.lifecycle.moves import CHAMPION
from symptomeme.lifecycle.naming import model_name
from symptomeme.lifecycle.registry import Registry

SPLIT, VIEW = "test", "leak_free"
FIGURES = ("macro_f1", "weighted_f1", "ece")


class Row(NamedTuple):
    """One model's figures on the test memes that leaked into no training, as they were when it was evaluated."""

    task: str
    model: str  # "champion", or "new" for what lies in artifacts/
    variant: str
    version: str | None  # None: not registered
    figures: dict[str, float | None]


def against_champion(params: Params) -> list[Row]:
    """Every evaluated variant of every task, behind the task's champion, if it has one."""
    registry = Registry(experiment=params.registration.experiment)
    rows = []
    for task in params.tasks:
        name = model_name(params.registration, task)
        champion = registry.by_alias(name, CHAMPION)
        if champion is not None:
            logged = registry.metrics(champion)
            figures = {figure: logged.get(f"{SPLIT}.{VIEW}.{figure}.value") for figure in FIGURES}
            rows.append(Row(task, CHAMPION, champion.tags.get(VARIANT, "-"), str(champion.version), figures))
        receipt = task_paths(task).receipt
        digests = json.loads(receipt.read_text(encoding="utf-8"))["variants"] if receipt.is_file() else {}
        for variant in params.variants_of(task):
            path = task_paths(task).variant(variant).metrics
            if path.is_file():
                known = registry.find(name, digests[variant]) if variant in digests else None
                found = _figures(json.loads(path.read_text(encoding="utf-8")))
                rows.append(Row(task, "new", variant, None if known is None else str(known.version), found))
    return rows


def _figures(metrics: dict[str, Any]) -> dict[str, float | None]:
    view = metrics.get(SPLIT, {}).get(VIEW, {})
    return {figure: view.get(figure, {}).get("value") for figure in FIGURES}
