"""`symptomeme import-checkpoint`: a checkpoint of the published model becomes a model folder."""

import argparse
from pathlib import Path

from symptomeme.cli.next_steps import follow
from symptomeme.domain.errors import InputError
from symptomeme.domain.labels import TASKS, task_named
from symptomeme.domain.layout import WEIGHTS

TOKENIZER = "mental-roberta-base"
"""Of the published text encoder; `fetch-weights` leaves it under this name."""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `import-checkpoint`."""
    told = "make a model folder of a checkpoint of the published model"
    verb = verbs.add_parser("import-checkpoint", help=told, description=told)
    verb.add_argument("file", type=Path, metavar="FILE", help="a state dict, .pth")
    verb.add_argument("--task", required=True, choices=TASKS, help="what it was trained for")
    verb.add_argument("--out", required=True, type=Path, metavar="DIR", help="the model folder, a new one")
    told = f"that of its text encoder: a folder, or one under {WEIGHTS}; default: {TOKENIZER}"
    verb.add_argument("--tokenizer", default=TOKENIZER, metavar="NAME_OR_DIR", help=told)
    told = "heads of attention in each part, which a checkpoint does not tell; default: the published 12 12 8"
    verb.add_argument(
        "--heads", nargs=3, type=int, default=(12, 12, 8), metavar=("TEXT", "VISION", "FUSION"), help=told
    )
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Import one checkpoint.

    Raises:
        InputError: the folder is there already, the tokenizer is not, or a number of heads is not over 0.
        ModelError: the file is no checkpoint of the published model for this task.
    """
    if arguments.out.exists():
        raise InputError(f"{arguments.out} exists. Delete it first, or choose another --out.")
    if min(arguments.heads) < 1:
        raise InputError(f"--heads {' '.join(map(str, arguments.heads))}: expected three numbers over 0.")
    tokenizer = local(arguments.tokenizer)
    from symptomeme.models.published import import_checkpoint
    from symptomeme.models.published_config import Heads

    model = import_checkpoint(
        arguments.file,
        task=task_named(arguments.task),
        tokenizer=tokenizer,
        heads=Heads(*arguments.heads),
        target=arguments.out,
    )
    heads = "without" if model.config.contrastive_size is None else "with"
    print(
        f"{arguments.out} written: {arguments.task}, {model.num_parameters():,} parameters, {heads} contrastive heads.",
        follow([f"symptomeme classify IMAGE --model {arguments.out}"]),
        sep="\n",
    )
    return 0


def local(tokenizer: str) -> Path:
    """The folder of a tokenizer: as it is told, or under data/weights by the last part of its name.

    Raises:
        InputError: it is in neither place.
    """
    places = (Path(tokenizer), WEIGHTS / Path(tokenizer).name)
    found = next((place for place in places if place.is_dir()), None)
    if found is None:
        raise InputError(
            f"tokenizer {tokenizer}: neither a folder nor under {WEIGHTS}. Run 'symptomeme fetch-weights text "
            f"{tokenizer}', or name a folder with --tokenizer."
        )
    return found
