"""The closing table: what each trained variant reached and where it stands in the registry."""

import json
from typing import Any

from symptomeme.domain.layout import task_paths
from symptomeme.domain.params import Params
from symptomeme.lifecycle.moves import CHALLENGER, CHAMPION
from symptomeme.lifecycle.registry import Registry

HEADINGS = ("task", "variant", "split", "memes", "macro-F1 [95%]", "weighted-F1 [95%]", "version", "alias")


def results(params: Params) -> list[tuple[str, ...]]:
    """Rows under HEADINGS, for every task and variant that has been evaluated and registered."""
    rows: list[tuple[str, ...]] = []
    registered = [task for task in params.tasks if task_paths(task).receipt.is_file()]
    if not registered:
        return rows
    registry = Registry(experiment=params.registration.experiment)
    for task in registered:
        paths = task_paths(task)
        receipt = json.loads(paths.receipt.read_text(encoding="utf-8"))
        aliases: dict[str, list[str]] = {}
        for alias in (CHAMPION, CHALLENGER):
            version = registry.by_alias(receipt["model"], alias)
            if version is not None:
                aliases.setdefault(str(version.version), []).append(alias)
        for variant, digest in receipt["variants"].items():
            known = registry.find(receipt["model"], digest)
            number = "-" if known is None else str(known.version)
            metrics = json.loads(paths.variant(variant).metrics.read_text(encoding="utf-8"))
            for split, views in metrics.items():
                for view, figures in views.items():
                    where = f"{split}, {view.replace('_', '-')}"
                    alias = ", ".join(aliases.get(number, [])) or "-"
                    rows.append((task, variant, where, str(figures["memes"]), *_cells(figures), number, alias))
    return rows


def _cells(figures: dict[str, Any]) -> tuple[str, str]:
    def told(name: str) -> str:
        found = figures[name]
        return f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"

    return told("macro_f1"), told("weighted_f1")


def table(rows: list[tuple[str, ...]]) -> str:
    """Rows under HEADINGS."""
    return columns(HEADINGS, rows)


def columns(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Rows under their headings, in columns."""
    lines = [headings, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    told = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([told[0], "  ".join("-" * width for width in widths), *told[1:]])


def checked(params: Params) -> list[str]:
    """What validate counted: a line for every task that it has run on."""
    lines = []
    for task in params.tasks:
        path = task_paths(task).validation
        if path.is_file():
            found = json.loads(path.read_text(encoding="utf-8"))
            by = found["by_check"]
            lines.append(
                f"{task}: {found['memes']} memes checked, {found['bad']} put aside; {by['conflicting_labels']} with "
                f"conflicting labels, {by['leaked']} leaked, {by['other_language']} in another language"
            )
    return lines
