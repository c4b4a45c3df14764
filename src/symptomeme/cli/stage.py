"""`symptomeme STAGE --task T [--variant V]`: what dvc.yaml runs."""

import argparse
import importlib
import os
from collections.abc import Callable
from operator import attrgetter
from typing import NamedTuple

from symptomeme.cli.lifeline import end_with_dvc, started_by_dvc
from symptomeme.cli.next_steps import missing
from symptomeme.domain.errors import InputError, ParamsError
from symptomeme.domain.labels import TASKS, task_named
from symptomeme.domain.locking import alone
from symptomeme.domain.params import Params, read_params


class Stage(NamedTuple):
    """What a stage does, in a line, and what of params.yaml it is given: just what its `params` in dvc.yaml name.

    `register` is given the names of a task's variants alone, and names where they stand: DVC knows no dependency on
    names.
    """

    told: str
    sections: Callable[[Params, str, str], tuple[object, ...]]  # of the params, for a task and a variant ("": none)


STAGES = {
    "ingest": Stage("read the imported memes into one table", lambda p, *_: (p.ingest,)),
    "validate": Stage("check every row, put the bad ones aside", lambda p, *_: (p.validation,)),
    "ocr": Stage("read the words in each picture", lambda p, *_: (p.ocr,)),
    "reason": Stage("add figurative reasoning to the words", lambda p, *_: (p.reason, p.ocr.mask_personal)),
    "prealign": Stage("align the text and image encoders by contrast", lambda p, *_: (p.base, p.model, p.prealign)),
    "train": Stage(
        "train one variant of the classifier", lambda p, _, name: (p.base, p.model, p.ocr, p.train, p.variants[name])
    ),
    "evaluate": Stage("score a trained variant, with intervals", lambda p, *_: (p.base, p.evaluate)),
    "published": Stage(
        "take in a published checkpoint as a variant",
        lambda p, _, name: (p.base, p.ocr, p.train, p.evaluate, p.published.checkpoint, p.published.variants[name]),
    ),
    "register": Stage("put the trained variants into MLflow", lambda p, task, _: (p.variants_of(task), p.registration)),
}
FIRST = "ingest"
OF_A_VARIANT = {"train": "variants", "evaluate": "variants", "published": "published.variants"}
"""Stages that run for each variant, and where in params.yaml these stand."""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register one verb a stage."""
    for name, known in STAGES.items():
        verb = verbs.add_parser(name, help=f"stage: {known.told}", description=known.told)
        verb.add_argument("--task", required=True, choices=TASKS)
        if name in OF_A_VARIANT:
            told = f"one of `{OF_A_VARIANT[name]}` in params.yaml"
            verb.add_argument("--variant", required=True, metavar="NAME", help=told)
        verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run one stage with params.yaml.

    Raises:
        ParamsError: there is no such variant.
        InputError: a file the stage reads is missing, or it is running already; or DVC begins with what the rest of the
            graph cannot be run on.
    """
    end_with_dvc()
    params = read_params()
    if arguments.verb == FIRST and started_by_dvc() and (told := missing(params)):
        raise InputError(" ".join(told))  # of a missing input DVC itself would tell no more than the path, and late
    given: list[object] = [task_named(arguments.task)]
    name = f"{arguments.verb}@{arguments.task}"
    variant = ""
    if arguments.verb in OF_A_VARIANT:
        variant, where = arguments.variant, OF_A_VARIANT[arguments.verb]
        if variant not in (described := attrgetter(where)(params)):
            known = ", ".join(described)
            raise ParamsError(f"variant {variant!r} is not under `{where}` in params.yaml; expected one of {known}.")
        given.append(variant)
        name += f"-{variant}"
    rank = os.environ.get("RANK", "0")  # of several processes that accelerate launch has started for this stage
    with alone(name if rank == "0" else f"{name}.{rank}"):
        stage = importlib.import_module(f"symptomeme.stages.{arguments.verb}")
        try:
            stage.run(*given, *STAGES[arguments.verb].sections(params, arguments.task, variant))
        except FileNotFoundError as error:
            if error.filename is None:
                raise
            raise InputError(f"{error.filename} is missing. Run 'dvc repro' (or 'dvc pull').") from None
    return 0
