"""symptomeme import-data: published archives into data/."""

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from symptomeme.cli.next_steps import follow, next_steps
from symptomeme.domain.labels import SPLITS, TASKS, Task, task_named
from symptomeme.domain.layout import REPORTS, dataset_paths
from symptomeme.domain.writing import write_text

if TYPE_CHECKING:
    from symptomeme.data.importing import Imported

VAL_SHARE, SEED = 0.125, 42

_NAMES_SHOWN = 5
_NAME_LENGTH = 120


def add_to(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "import-data",
        help="take published archives of memes into data/",
        description="Take zips or folders in any published layout into data/, and place each meme in a split.",
    )
    parser.add_argument("task", choices=list(TASKS))
    parser.add_argument("archives", metavar="ARCHIVE", nargs="+", type=Path, help="zip or folder")
    parser.add_argument("--add", action="store_true", help="join memes to the data set that is there")
    parser.add_argument(
        "--val-share",
        type=_share,
        default=VAL_SHARE,
        metavar="SHARE",
        help="part of train that becomes the validation split where none is published (default %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=SEED, help="of that choice (default %(default)s)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Import, and say what was taken, what was not, and what to type next."""
    from symptomeme.data.importing import import_archives
    from symptomeme.data.placing import Placing
    from symptomeme.domain.params import read_params

    params = read_params()
    placing = Placing(
        val_share=args.val_share,
        seed=args.seed,
        phash_distance=params.ingest.phash_distance,
        text_similarity=params.ingest.text_similarity,
    )
    task = task_named(args.task)
    imported = import_archives(task, args.archives, placing, add=args.add)
    print(report(task, imported))
    if any(len(names) > _NAMES_SHOWN for _, names in imported.left_out.reasons()):
        print(f"All of them, with reasons: {_write_left_out(task, imported)}")
    print("", follow(next_steps(params)), sep="\n")
    return 0


def report(task: Task, imported: "Imported") -> str:
    """What an import did, for the terminal."""
    whole = ", ".join(f"{split} {imported.sizes[split]:,}" for split in SPLITS if imported.sizes[split])
    lines = [
        f"{task.title}: {sum(map(len, imported.taken.values())):,} memes taken ({imported.kind} data)",
        "",
        *_table(task, imported),
        "",
        f"{dataset_paths(task.dataset).root} now holds {imported.sizes.total():,} memes: {whole}.",
        f"{imported.touching:,} of train and val have a duplicate in test or extra; they stay, marked as leaked.",
    ]
    reasons = list(imported.left_out.reasons())
    if reasons:
        lines += ["", "Left out or mended:"]
    for reason, names in reasons:
        shown = ", ".join(name[:_NAME_LENGTH] for name in names[:_NAMES_SHOWN])
        shown += ", ..." if len(names) > _NAMES_SHOWN else ""
        lines.append(f"{len(names):>8,}  {reason}: {shown}")
    return "\n".join(lines)


def _write_left_out(task: Task, imported: "Imported") -> Path:
    """Write every name, a line each behind its reason and a tab: the file."""
    lines = [f"{reason}\t{name}\n" for reason, names in imported.left_out.reasons() for name in names]
    file = REPORTS / f"left_out_{task.name}.tsv"
    write_text(file, "".join(lines))
    return file


def _table(task: Task, imported: "Imported") -> list[str]:
    """Memes taken, a row a label and a column a split."""
    columns = [split for split in SPLITS if imported.taken[split]]
    counts = {
        split: Counter(label for meme in imported.taken[split] for label in meme.labels or ("(no label)",))
        for split in columns
    }
    rows: list[tuple[str, list[int]]] = [
        (label, [counts[split][label] for split in columns])
        for label in (*task.labels, "(no label)")
        if label in task.labels or any(counts[split][label] for split in columns)
    ]
    rows.append(("memes", [len(imported.taken[split]) for split in columns]))
    width = max(len(name) for name, _ in rows)
    head = " " * width + "".join(f"{split:>8}" for split in columns)
    return [head, *(f"{name:<{width}}" + "".join(f"{count:>8,}" for count in numbers) for name, numbers in rows)]


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share; expected a number from 0 to under 1, such as 0.125")
    return share
