"""`symptomeme baseline` and `symptomeme ablation`: what studies/dvc.yaml runs, a cell at a time."""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter, process_time
from typing import Any, get_args

from symptomeme.cli.lifeline import end_with_dvc
from symptomeme.domain.ablation_params import AblationParams
from symptomeme.domain.digests import of_file
from symptomeme.domain.errors import InputError, ParamsError
from symptomeme.domain.labels import TASKS, task_named
from symptomeme.domain.layout import STUDY_PARAMS, StatePaths, task_paths
from symptomeme.domain.locking import alone
from symptomeme.domain.params import Params, read_params
from symptomeme.domain.sections.model import ModelParams
from symptomeme.domain.sections.training import BaseParams, TrainParams
from symptomeme.domain.sections.words import OcrParams
from symptomeme.domain.study_params import Cell, Method, StudyParams, read_study
from symptomeme.domain.writing import write_json


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register one verb a stage of the study."""
    baseline = verbs.add_parser("baseline", help="stage of the study: one baseline")
    baseline.add_argument("--task", required=True, choices=TASKS)
    baseline.add_argument("--method", required=True, choices=get_args(Method))
    baseline.set_defaults(run=run_baseline)
    ablation = verbs.add_parser("ablation", help="stage of the study: one ablation with one seed")
    ablation.add_argument("--task", required=True, choices=TASKS)
    ablation.add_argument("--variant", required=True, metavar="NAME", help=f"of `study.ablations` in {STUDY_PARAMS}")
    ablation.add_argument("--seed", required=True, type=int)
    ablation.set_defaults(run=run_ablation)


def of_baseline(params: Params) -> tuple[BaseParams, ModelParams]:
    """What of the params a baseline is given: just what `params` of its stage name."""
    return params.base, params.model


def of_ablation(
    params: Params, study: StudyParams, variant: str
) -> tuple[BaseParams, ModelParams, OcrParams, TrainParams, AblationParams]:
    """What of the params an ablation is given: just what `params` of its stage name."""
    return params.base, params.model, params.ocr, params.train, study.ablations[variant]


def run_baseline(arguments: argparse.Namespace) -> int:
    """Run one baseline."""
    params = read_params()
    with _measured(Cell(arguments.task, arguments.method, None)):
        from symptomeme.stages import baseline

        baseline.run(task_named(arguments.task), arguments.method, *of_baseline(params))
    return 0


def run_ablation(arguments: argparse.Namespace) -> int:
    """Run one ablation.

    Raises:
        ParamsError: there is no such variant.
    """
    params = read_params()
    study, variant = read_study(params), arguments.variant
    if variant not in study.ablations:
        known = ", ".join(study.ablations)
        raise ParamsError(
            f"variant {variant!r} is not under `study.ablations` in {STUDY_PARAMS}; expected one of {known}."
        )
    seeded = params.model_copy(update={"base": params.base.model_copy(update={"seed": arguments.seed})})
    with _measured(Cell(arguments.task, variant, arguments.seed)):
        from symptomeme.stages import ablation

        ablation.run(task_named(arguments.task), variant, *of_ablation(seeded, study, variant))
    return 0


@contextmanager
def _measured(cell: Cell) -> Iterator[None]:
    """Run a cell alone, and note how long it took beside what it left, out of DVC's sight.

    Raises:
        InputError: it is running already, or a file it reads is missing.
    """
    end_with_dvc()
    start, start_cpu = perf_counter(), process_time()
    note = StatePaths().took(cell.task, cell.label)
    with alone(f"study@{cell.task}-{cell.label}"):
        before: dict[str, Any] = json.loads(note.read_text(encoding="utf-8")) if note.is_file() else {"of": ""}
        goes = 1 if before["of"] is not None else before["goes"] + 1  # one that was ended has left checkpoints
        write_json(note, {"of": None, "goes": goes})
        try:
            yield
        except FileNotFoundError as error:
            if error.filename is None:
                raise
            raise InputError(f"{error.filename} is missing. Run 'dvc repro' (or 'dvc pull').") from None
        took = {"seconds": round(perf_counter() - start, 1), "cpu_seconds": round(process_time() - start_cpu, 1)}
        of = of_file(task_paths(cell.task).cell(cell.name, cell.seed).predictions)
        write_json(note, {"of": of, "goes": goes, **took})
