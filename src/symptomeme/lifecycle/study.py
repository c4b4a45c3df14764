"""The study: its cells are stages of DVC, its report is made of what they left."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from symptomeme.data.dataset import read_kind
from symptomeme.domain.digests import of_file
from symptomeme.domain.errors import InputError
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import STUDY_GRAPH, StatePaths, dataset_paths, study_report, task_paths
from symptomeme.domain.params import Params
from symptomeme.domain.records import PREDICTION_ROWS, read_rows
from symptomeme.domain.study_params import Cell, StudyParams
from symptomeme.domain.writing import replacing, write_text
from symptomeme.evaluation.study.plot import plot
from symptomeme.evaluation.study.published import published
from symptomeme.evaluation.study.report import Study, markdown
from symptomeme.evaluation.study.table import Bootstrap, Row, study_table
from symptomeme.evaluation.study.words import describe
from symptomeme.learning.batches import indicators
from symptomeme.lifecycle.reproduce import dvc_output, side_by_side

FAILED = "its stage failed"
NOT_ASKED = "it was not asked for, and its cells are missing or stale"


def refuse_stale(tasks: Iterable[str]) -> None:
    """Refuse tasks whose tables or aligned encoders are not what data and params make.

    Raises:
        InputError: the graph is to be run first.
    """
    for task in tasks:
        stale = dvc_output("status", "--json", "--with-deps", f"prealign@{task}").strip()
        if stale != "{}":
            told = f"changed: {', '.join(json.loads(stale))}" if stale else "'dvc status' fails"
            raise InputError(f"what the graph left of {task} is not up to date ({told}). Run 'dvc repro' first.")


def run_cells(cells: Mapping[str, Sequence[Cell]]) -> set[str]:
    """Bring cells up to date, the tasks side by side, also after one has failed.

    Args:
        cells: by task.

    Returns:
        The addresses of those that are not up to date all the same.
    """
    groups = [[cell.address for cell in wanted] for wanted in cells.values()]
    if side_by_side(groups, "--keep-going"):
        return set()
    return not_up_to_date(address for group in groups for address in group)


def not_up_to_date(addresses: Iterable[str]) -> set[str]:
    """Those of these cells that DVC would run; all where it cannot tell."""
    every = set(addresses)
    if not every:
        return every
    stale = dvc_output("status", "--json", STUDY_GRAPH.as_posix())  # sooner told of all than of several by name
    return every & set(json.loads(stale)) if stale else every


def report(
    task: Task,
    asked: Collection[str],
    failed: Collection[str],
    seeds: Sequence[int],
    study: StudyParams,
    params: Params,
) -> str:
    """Write a task's tables and plot: of the rows that were asked for, and of the others whose cells are up to date.

    Args:
        task: whose cells they are.
        asked: rows that were asked for.
        failed: addresses of their cells that failed.
        seeds: of the ablations.
        study: what the rows are.
        params: what they change, and how memes are resampled.

    Returns:
        The tables as Markdown, and where they are.
    """
    cells = study.cells(task.name, seeds, study.names)
    stale = not_up_to_date(cell.address for cell in cells if cell.name not in asked)
    unusable = dict.fromkeys(failed, FAILED) | dict.fromkeys(stale, NOT_ASKED)
    rows, missing = _rows(cells, unusable, study, params)
    if not rows:
        return f"{task.title}: nothing was measured ({'; '.join(f'{name}: {why}' for name, why in missing.items())})."
    options, folder = params.evaluate, study_report(task.name)
    kind, told = read_kind(dataset_paths(task.dataset)), published(task.name)
    table = study_table(
        rows,
        reference=study.reference,
        indicators=partial(indicators, task=task),
        bootstrap=Bootstrap(options.resamples, options.confidence, params.base.seed),
    )
    text = markdown(table, Study(task, kind, study.reference, seeds, options.confidence, missing), told)
    write_text(folder / "study.md", text)
    with replacing(folder / "study.csv") as beside:
        table.to_csv(beside, index=False, lineterminator="\n")
    with replacing(folder / "study.png") as beside:
        plot(table, beside, title=f"{task.title}, {kind} memes, test", told=told)
    return f"{text}\n{folder}: study.md, study.csv, study.png"


def _rows(
    cells: Sequence[Cell], unusable: Mapping[str, str], study: StudyParams, params: Params
) -> tuple[list[Row], dict[str, str]]:
    """The rows that were measured with every seed, and why the others were not; `unusable` says it of addresses."""
    rows, missing = [], {}
    for name in dict.fromkeys(cell.name for cell in cells):
        own = [cell for cell in cells if cell.name == name]
        if told := [unusable[cell.address] for cell in own if cell.address in unusable]:
            missing[name] = told[0]
            continue
        figures = [_json(task_paths(cell.task).cell(cell.name, cell.seed).figures) for cell in own]
        if "not_measured" in figures[0]:
            missing[name] = figures[0]["not_measured"]
            continue
        rows.append(_row(own, figures, study, params))
    return rows, missing


def _row(cells: Sequence[Cell], figures: Sequence[Mapping[str, Any]], study: StudyParams, params: Params) -> Row:
    """A row of all its seeds, each with its figures."""
    ngrams = [one.get("ngrams", False) for one in figures]  # of a baseline nothing is said
    took = [_took(cell) for cell in cells]
    known = all("seconds" in note for note in took)
    return Row(
        name=cells[0].name,
        told=describe(cells[0].name, study, params, reasoning=figures[0]["reasoning"], ngrams=ngrams),
        predictions=[
            read_rows(task_paths(cell.task).cell(cell.name, cell.seed).predictions, PREDICTION_ROWS) for cell in cells
        ],
        parameters=max(one["parameters"] for one in figures),
        trained=max(one["trained"] for one in figures),
        seconds=float(np.mean([note["seconds"] for note in took])) if known else None,
        cpu_seconds=float(np.mean([note["cpu_seconds"] for note in took])) if known else None,
        in_one_go=all(note.get("goes") == 1 for note in took),
    )


def _took(cell: Cell) -> dict[str, Any]:
    """What was noted when these predictions were made here; empty where they came from elsewhere."""
    path = StatePaths().took(cell.task, cell.label)
    if not path.is_file():
        return {}
    note = _json(path)
    same = note["of"] == of_file(task_paths(cell.task).cell(cell.name, cell.seed).predictions)
    return note if same else {}


def _json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
