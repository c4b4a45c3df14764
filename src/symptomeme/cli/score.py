"""`symptomeme score IN OUT --task T`: a table of predictions of many memes, which can be stopped and gone on with."""

import argparse
import json
from pathlib import Path

from symptomeme.domain.errors import InputError
from symptomeme.domain.labels import TASKS
from symptomeme.domain.locking import alone

SHARD_SIZE = 250


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `score`."""
    verb = verbs.add_parser("score", help="predictions of a folder or table of memes, as a Parquet table")
    verb.add_argument("source", type=Path, metavar="IN", help="a folder of pictures, or a Parquet table")
    verb.add_argument("out", type=Path, metavar="OUT", help="the Parquet table to write")
    verb.add_argument("--task", required=True, choices=TASKS)
    verb.add_argument("--model", metavar="DIR_OR_URI", help="a folder, or models:/NAME@ALIAS; default: the champion")
    verb.add_argument("--shard-size", type=int, default=SHARD_SIZE, help="memes a shard (default %(default)s)")
    verb.add_argument("--json", action="store_true", help="print what was done as JSON")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Score, and say how it went.

    Raises:
        InputError: the size of a shard is no number of memes, or another process writes the same table.
    """
    if arguments.shard_size < 1:
        raise InputError(f"--shard-size {arguments.shard_size}: expected 1 or more.")
    import torch

    from symptomeme.domain.digests import of_text
    from symptomeme.domain.params import read_params
    from symptomeme.lifecycle.scoring import score
    from symptomeme.lifecycle.served import champions, model_at

    torch.set_num_threads(read_params().base.threads)  # before a model is loaded, which may fix them for itself
    with alone(f"score-{of_text(str(arguments.out.absolute()))[:16]}"):
        if arguments.model:
            served = model_at(arguments.model, task=arguments.task)
        else:
            (served,) = champions([arguments.task])
        done = score(arguments.source, arguments.out, served, shard_size=arguments.shard_size)
    if arguments.json:
        print(json.dumps({**done._asdict(), "out": str(arguments.out), "model": served.told()}))
    else:
        print(
            f"{arguments.out}: {done.memes:,} memes, {done.abstained:,} abstained, {done.faults:,} unreadable; "
            f"{done.shards_kept} of {done.shards} shards were there already. "
            f"Model: {served.name} {served.version or ''}"
        )
    return 0
