"""`symptomeme study`: baselines and ablations beside the model, one table a task."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from symptomeme.domain.errors import InputError, ParamsError, ToolError
from symptomeme.domain.labels import TASKS
from symptomeme.domain.layout import STUDY_PARAMS
from symptomeme.domain.locking import alone
from symptomeme.domain.params import Params, read_params
from symptomeme.domain.study_params import StudyParams, ask, read_study


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `study`."""
    verb = verbs.add_parser("study", help="baselines and ablations beside the model, as tables and plots")
    verb.add_argument("--task", choices=TASKS, help="default: all of params.yaml")
    verb.add_argument("--seeds", type=int, default=1, metavar="N", help="of each ablation (default %(default)s)")
    verb.add_argument("--rows", nargs="+", metavar="NAME", help=f"of {STUDY_PARAMS}, to run; default: all")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the cells that are missing or stale, then write and print the tables.

    Raises:
        InputError: there are no seeds, or what the graph leaves is missing or stale.
        ParamsError: there is no such row, or no such task in params.yaml.
        ToolError: a cell failed; what was measured is told before.
    """
    from symptomeme.lifecycle.lock_file import MENDED, mend_lock_file
    from symptomeme.lifecycle.study import refuse_stale, report, run_cells

    params = read_params()
    study = read_study(params)
    tasks = [arguments.task] if arguments.task else list(params.tasks)
    rows = arguments.rows or study.names
    _check(arguments.seeds, rows, tasks, study, params)
    seeds = [params.base.seed + index for index in range(arguments.seeds)]
    cells = {task: study.cells(task, seeds, rows) for task in tasks}
    with alone("study", patience=0):
        if mend_lock_file(Path.cwd()):
            print(MENDED)
        refuse_stale(tasks)
        ask(tasks, seeds)
        failed = run_cells(cells)
        for task in tasks:
            print(report(TASKS[task], rows, failed, seeds, study, params))
    if failed:
        raise ToolError(f"{len(failed)} cells failed; what they said stands above. Run it again to go on with them.")
    return 0


def _check(count: int, rows: Sequence[str], tasks: Sequence[str], study: StudyParams, params: Params) -> None:
    if count < 1:
        raise InputError(f"--seeds {count}: expected 1 or more.")
    if strange := [name for name in rows if name not in study.names]:
        known = ", ".join(study.names)
        raise ParamsError(f"row {strange[0]!r} is not under `study` in {STUDY_PARAMS}; expected one of {known}.")
    if strange := [task for task in tasks if task not in params.tasks]:
        raise ParamsError(f"task {strange[0]!r} is not under `tasks` in params.yaml; it has {', '.join(params.tasks)}.")
