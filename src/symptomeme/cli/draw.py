"""`symptomeme draw`: memes for annotations that came without pictures; `symptomeme make-sample`: the sample's memes."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from symptomeme.cli.next_steps import follow
from symptomeme.domain.labels import TASKS, task_named

if TYPE_CHECKING:
    from symptomeme.sample.archive import Drawn


def add_to(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `draw` and `make-sample`."""
    verb = subparsers.add_parser(
        "draw",
        help="draw a meme for every record of annotation files",
        description="Draw a meme for every record, and write an archive in the published layout. The pictures show the "
        "texts and nothing of the labels; the same input gives the same bytes.",
    )
    verb.add_argument("task", choices=list(TASKS))
    verb.add_argument(
        "--annotations",
        nargs="+",
        type=Path,
        required=True,
        metavar="FILE",
        help="JSON lists or CSV tables as published; 'test' or 'val' in a file's name tells its split, default train",
    )
    verb.add_argument(
        "--extra", nargs="+", type=Path, default=[], metavar="FILE", help="annotations for a second test set, 'extra'"
    )
    verb.add_argument("--out", type=Path, metavar="DIR", help="the archive, a new folder; default: drawn/TASK")
    verb.add_argument(
        "--split-test",
        type=_share,
        metavar="SHARE",
        help="move this share of the train records to test: whole clusters of equal texts, stratified by label",
    )
    verb.add_argument("--seed", type=int, default=42, help="of that choice (default %(default)s)")
    verb.set_defaults(run=run_draw)

    verb = subparsers.add_parser("make-sample", help="draw the sample's archives for both tasks")
    verb.add_argument("--out", type=Path, default=Path("sample"), metavar="DIR", help="default: %(default)s")
    verb.set_defaults(run=run_make_sample)


def run_draw(args: argparse.Namespace) -> int:
    """Draw an archive, and say what was drawn and what to type next."""
    from symptomeme.sample.archive import draw_archive

    out = args.out or Path("drawn", args.task)
    drawn = draw_archive(
        task_named(args.task),
        args.annotations,
        out,
        extra=args.extra,
        split_test=args.split_test,
        seed=args.seed,
    )
    print(report(drawn, out))
    print("", follow([f"symptomeme import-data {args.task} {out}"]), sep="\n")
    return 0


def run_make_sample(args: argparse.Namespace) -> int:
    """Draw the sample, and say what was drawn and what to type next."""
    from symptomeme.sample.make import make_sample

    for task, drawn in make_sample(args.out).items():
        print(report(drawn, args.out / task))
    print("", follow(f"symptomeme import-data {task} {args.out / task}" for task in TASKS), sep="\n")
    return 0


def report(drawn: "Drawn", out: Path) -> str:
    """What was drawn, for the terminal."""
    from symptomeme.sample.captions import MAX_CHARACTERS, MAX_WORDS

    splits = ", ".join(f"{split} {count:,}" for split, count in drawn.splits.items())
    return "\n".join(
        [
            f"{sum(drawn.splits.values()):,} memes drawn into {out}: {splits}.",
            f"{drawn.cut:,} texts were over {MAX_WORDS} words or {MAX_CHARACTERS:,} characters and were cut.",
            f"{drawn.replaced:,} letters are not in the font and became '?'; {drawn.empty:,} memes have no words.",
        ]
    )


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share; expected a number between 0 and 1, such as 0.2")
    return share
