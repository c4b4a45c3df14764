"""`symptomeme STAGE --task T [--variant V]`: what dvc.yaml runs."""

import argparse
import importlib
from collections.abc import Callable
from typing import NamedTuple

from symptomeme.domain.errors import ParamsError
from symptomeme.domain.labels import TASKS, task_named
from symptomeme.domain.params import Params, read_params


class Stage(NamedTuple):
    """What a stage does, in a line, and the sections of params.yaml it is given."""

    told: str
    sections: Callable[[Params], tuple[object, ...]]


STAGES = {
    "ingest": Stage("read the imported memes into one table", lambda p: (p.ingest,)),
    "validate": Stage("check every row, put the bad ones aside", lambda p: (p.validation,)),
    "ocr": Stage("read the words in each picture", lambda p: (p.ocr,)),
    "prealign": Stage("align the text and image encoders by contrast", lambda p: (p.base, p.model, p.prealign)),
    "train": Stage("train one variant of the classifier", lambda p: (p.base, p.model, p.ocr, p.train, p.variants)),
    "evaluate": Stage("score a trained variant, with intervals", lambda p: (p.base, p.evaluate)),
    "register": Stage("put the trained variants into MLflow", lambda p: (list(p.variants), p.registration)),
}
OF_A_VARIANT = ("train", "evaluate")


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register one verb a stage."""
    for name, known in STAGES.items():
        verb = verbs.add_parser(name, help=f"stage: {known.told}", description=known.told)
        verb.add_argument("--task", required=True, choices=TASKS)
        if name in OF_A_VARIANT:
            verb.add_argument("--variant", required=True, metavar="NAME", help="one of `variants` in params.yaml")
        verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run one stage with params.yaml."""
    params = read_params()
    task = task_named(arguments.task)
    stage = importlib.import_module(f"symptomeme.stages.{arguments.verb}")
    sections = STAGES[arguments.verb].sections(params)
    if arguments.verb in OF_A_VARIANT:
        variant = arguments.variant
        if variant not in params.variants:
            known = ", ".join(params.variants)
            raise ParamsError(f"variant {variant!r} is not under `variants` in params.yaml; expected one of {known}.")
        stage.run(task, variant, *sections)
    else:
        stage.run(task, *sections)
    return 0
