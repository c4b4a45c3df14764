"""`symptomeme fetch-weights`: hub models become folders under data/weights, as safetensors."""

import argparse
from pathlib import Path

from symptomeme.cli.next_steps import RUN, follow
from symptomeme.domain.errors import InputError
from symptomeme.domain.layout import WEIGHTS


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `fetch-weights`."""
    verb = verbs.add_parser("fetch-weights", help="save a hub's model under data/weights, as safetensors")
    verb.add_argument("kind", choices=("text", "vision", "reason", "sample"))
    verb.add_argument("source", nargs="?", metavar="NAME_OR_DIR", help="anything from_pretrained takes; not for sample")
    verb.add_argument("--name", help="folder under data/weights; default: the last part of NAME_OR_DIR")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Fetch one encoder, or a model for reasoning.

    Raises:
        InputError: the folder is there already, or the arguments do not go together.
    """
    if arguments.kind == "sample":
        return _sample(arguments)
    if arguments.source is None:
        raise InputError(f"fetch-weights {arguments.kind}: NAME_OR_DIR is missing. Name a model or a folder.")
    target = WEIGHTS / (arguments.name or Path(arguments.source).name)
    if target.exists():
        raise InputError(f"{target} exists. Delete it first, or choose another --name.")
    if arguments.kind == "reason":
        from symptomeme.models.reasoner import save_reasoner

        save_reasoner(arguments.source, target)
        key = "reason.model"
    else:
        from symptomeme.models.encoders import save_encoder

        save_encoder(arguments.source, arguments.kind, target)
        key = f"model.{arguments.kind}_encoder"
    print(f"{target} written. Name it in params.yaml ({key}).", follow(RUN), sep="\n")
    return 0


def _sample(arguments: argparse.Namespace) -> int:
    if arguments.source or arguments.name:
        raise InputError("fetch-weights sample: it takes neither NAME_OR_DIR nor --name. Leave them out.")
    from symptomeme.sample.encoders import write_sample_encoders

    written = write_sample_encoders(WEIGHTS)
    for folder in (WEIGHTS / "text", WEIGHTS / "vision"):
        print(f"{folder} written." if folder in written else f"{folder} exists and is kept.")
    print(follow(RUN))
    return 0
