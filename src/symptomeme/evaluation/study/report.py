"""The study's table as Markdown."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from symptomeme.domain.labels import Task
from symptomeme.evaluation.study.published import Published, PublishedFigure
from symptomeme.evaluation.study.words import NOTHING

FIGURES = {"macro_f1": "macro-F1", "weighted_f1": "weighted-F1"}
_KINDS = {
    "sample": "The memes are the drawn sample: **its scores say nothing about real memes**",
    "drawn": "The pictures were drawn for real annotations, and are **not the published ones**",
    "published": "The memes are the published ones",
}


class Study(NamedTuple):
    """What a table is of."""

    task: Task
    kind: str  # of the data: sample, drawn or published
    reference: str  # the row that the others are compared with
    seeds: Sequence[int]  # of the ablations
    confidence: float  # of the intervals
    missing: Mapping[str, str]  # rows that were not measured, and why


def markdown(table: pd.DataFrame, study: Study, told: Published) -> str:
    """The whole report: a table for each view of test (and of extra), what was left out, and what all means.

    Args:
        table: as `study_table` gives it.
        study: what it is of.
        told: what was published of the task.
    """
    parts = [f"# Study of {study.task.title}", f"{_KINDS[study.kind]}."]
    for key, lines in table.groupby(["split", "view"], sort=False):
        split, view = map(str, key)
        if split != "val":
            parts.append(f"## {split}, {view.replace('_', '-')}: {lines.memes.iloc[0]} memes")
            parts.append(_whole(lines, study, told) if (split, view) == ("test", "published") else _short(lines, study))
    if study.missing:
        parts.append("\n".join(["Not measured:", "", *(f"- {name}: {why}." for name, why in study.missing.items())]))
    return "\n\n".join([*parts, _legend(study, told)]) + "\n"


def _whole(lines: pd.DataFrame, study: Study, told: Published) -> str:
    """With what each row is made of, what was published, and what it takes."""
    head = ["row", "inputs", "parts", "seeds", *_heads(study), *(f"published {name}" for name in FIGURES.values())]
    rows = [
        [
            line["row"],
            line["inputs"],
            line["parts"],
            str(line["seeds"]),
            *_figures(line),
            *(_published(told.rows.get(line["row"], []), figure, line["inputs"]) for figure in FIGURES),
            f"{line['parameters']:,}",
            f"{line['trained']:,}",
            _seconds(line),
        ]
        for line in lines.to_dict("records")
    ]
    return _table([*head, "parameters", "of these trained", "seconds (CPU)"], rows)


def _short(lines: pd.DataFrame, study: Study) -> str:
    return _table(["row", *_heads(study)], [[line["row"], *_figures(line)] for line in lines.to_dict("records")])


def _heads(study: Study) -> list[str]:
    return [head for name in FIGURES.values() for head in (f"{name} [{study.confidence:.0%}]", "p")]


def _figures(line: Mapping[Any, Any]) -> list[str]:
    """Of both figures the mean over seeds with its spread and interval, and p."""
    cells = []
    for figure in FIGURES:
        spread, p = line[f"{figure}_sd"], line[f"{figure}_p"]
        around = "" if math.isnan(spread) else f" ± {spread:.3f}"
        cells.append(f"{line[figure]:.3f}{around} [{line[f'{figure}_low']:.3f}, {line[f'{figure}_high']:.3f}]")
        cells.append(NOTHING if math.isnan(p) else f"{p:.3f}")
    return cells


def _published(found: Sequence[PublishedFigure], figure: str, inputs: str) -> str:
    """What was published of a row's kind; marked where it was given other inputs than ours."""
    cells = [f"{getattr(one, figure):.3f}{'' if one.inputs == inputs else '†'}" for one in found]
    return ", ".join(cells) or NOTHING


def _seconds(line: Mapping[Any, Any]) -> str:
    if math.isnan(line["seconds"]):
        return NOTHING
    return f"{'' if line['in_one_go'] else '> '}{line['seconds']:.0f} ({line['cpu_seconds']:.0f})"


def _legend(study: Study, told: Published) -> str:
    seeds = ", ".join(map(str, study.seeds))
    best = ", ".join(f"{name} {getattr(told.best, figure):.3f}" for figure, name in FIGURES.items())
    of_kinds = "; ".join(f"{row}: {', '.join(one.configuration for one in found)}" for row, found in told.rows.items())
    drawn = "" if study.kind == "published" else ", **not of these memes**"
    return "\n".join(
        [
            f"- Figures are means over the seeds {seeds} (baselines know none), ± their standard deviation. In "
            f"brackets: {study.confidence:.0%} bootstrap interval of that mean, over memes.",
            f"- p: two-sided paired bootstrap of the difference from {study.reference}, on the same resamples; not "
            "corrected for the number of rows.",
            "- leak-free: without memes that have a duplicate in train or val.",
            "- seconds: of a seed, on average, on this machine with whatever else ran on it; CPU: of all threads. "
            f">: it was interrupted, and this is the last part alone. {NOTHING}: it was not run here.",
            f"- published: one run on the published test split of the real data set{drawn}. †: with other inputs than "
            f"ours. {of_kinds}. Source: {told.source}.",
            f"- best published elsewhere, {told.best.configuration}: {best}. Source: {told.source_of_best}.",
        ]
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]])
