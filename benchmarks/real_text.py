"""The graph on real texts: time, character error, and F1 of the variants beside a linear peer on the same text.

    python benchmarks/real_text.py run anxiety --seeds 1 2 3
    python benchmarks/real_text.py report anxiety --markdown

`run` needs a project whose data/ holds the task, and can be ended and started again. `report` reads what it kept.
"""

import argparse
import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from linear_peer import Peer, linear_peers
from measured_runs import KEPT, commit, measure
from paired_figures import CONFIDENCE, RESAMPLES, paired_lines

from symptomeme.domain.errors import SymptomemeError
from symptomeme.domain.labels import TASKS, Task
from symptomeme.domain.layout import dataset_paths
from symptomeme.domain.records import MEME_ROWS, PREDICTION_ROWS, TEXT_ROWS, read_rows
from symptomeme.domain.writing import read_jsonl
from symptomeme.evaluation.bootstrap import Interval
from symptomeme.evaluation.views import views
from symptomeme.learning.batches import indicators
from symptomeme.text.quality import character_error

Rows = list[list[str]]


def kept_runs(task: Task, seeds: Sequence[int] | None) -> dict[Path, dict[str, Any]]:
    """Folders of measured seeds, with what each was run with."""
    known = sorted(
        (path.parent for path in (KEPT / task.name).glob("[0-9]*/run.json")), key=lambda path: int(path.name)
    )
    folders = [folder for folder in known if seeds is None or int(folder.name) in seeds]
    if not folders or (seeds is not None and len(folders) < len(set(seeds))):
        told = ", ".join(folder.name for folder in known) or "none"
        raise SystemExit(f"{KEPT / task.name}: seeds measured so far: {told}. Run: real_text.py run {task.name}")
    found = {folder: json.loads((folder / "run.json").read_text(encoding="utf-8")) for folder in folders}
    for name in ("valid.parquet", "texts.parquet"):
        if len({(folder / name).read_bytes() for folder in folders}) > 1:
            raise SystemExit(f"{KEPT / task.name}: seeds differ in {name}. Name those to report: --seeds N …")
    return found


def memes_of(folder: Path) -> pd.DataFrame:
    """Valid memes with the words that were read."""
    memes = read_rows(folder / "valid.parquet", MEME_ROWS)
    return memes.merge(read_rows(folder / "texts.parquet", TEXT_ROWS), on="key", validate="one_to_one")


def stage_rows(runs: Sequence[dict[str, Any]]) -> Rows:
    """Each stage as the first seed ran it."""
    rows = [["stage", "seed", "memes", "epochs", "seconds", "memes/s", "note"]]
    for stage in runs[0]["stages"]:
        seen = [run for run in runs if stage in run["stages"]]
        ran = [run for run in seen if run["stages"][stage]["how"] == "ran"]
        run = (ran or seen)[0]
        found = run["stages"][stage]
        size = [f"{run['seed']}", f"{found['memes']}", f"{found['epochs']}"]
        if not ran:
            rows.append([stage, *size, "-", "-", f"{found['how']}, not run"])
            continue
        notes = [f"in {found['goes']} goes"] * (found["goes"] > 1) + ["its cache was warm"] * found["warm"]
        rate = found["memes"] * found["epochs"] / found["seconds"]
        rows.append([stage, *size, f"{found['seconds']:.1f}", f"{rate:.2f}", ", ".join(notes)])
    return rows


def error_rows(memes: pd.DataFrame, task: Task) -> Rows:
    """Mean character error over memes that have a given text, by drawn style."""
    places = [dataset_paths(task.dataset).boxes(origin) for origin in sorted(set(memes.origin))]
    drawn = {row["key"]: row for place in places if place.is_file() for row in read_jsonl(place)}
    found = memes[memes.given_text.str.strip() != ""]
    errors = pd.DataFrame(
        {
            "style": [drawn[key]["style"] if key in drawn else "as published" for key in found.key],
            "cut": [key in drawn and drawn[key]["cut"] for key in found.key],
            "error": [character_error(read, given) for read, given in zip(found.text, found.given_text, strict=True)],
        }
    )
    groups = [("all", errors), ("all but texts cut when drawn", errors[~errors.cut]), *errors.groupby("style")]
    return [
        ["memes", "count", "character error, mean", "median"],
        *(
            [str(name), f"{len(rows)}", f"{rows.error.mean():.4f}", f"{rows.error.median():.4f}"]
            for name, rows in groups
        ),
    ]


def score_rows(
    folders: Sequence[Path], memes: pd.DataFrame, task: Task, variants: Sequence[str], peers: dict[str, Peer]
) -> Iterator[tuple[str, Rows]]:
    """For each split and view a title and its table of figures and differences."""
    predictions = {
        name: [read_rows(folder / name / "predictions.parquet", PREDICTION_ROWS) for folder in folders]
        for name in variants
    }
    first = predictions[variants[0]][0]
    known = {name: pd.Series(range(len(memes)), index=memes.key)[first.key].to_numpy() for name in peers}
    pairs = [(name, peer) for name in variants for peer in peers]
    pairs += [("fusion", "text_only")] * ({"fusion", "text_only"} <= set(variants))
    for split, view, which in views(first):
        keys = first.key[which]
        claimed = {
            name: [indicators(rows.set_index("key").predicted.loc[keys], task) for rows in seeds]
            for name, seeds in predictions.items()
        }
        claimed |= {name: [peer.claimed[known[name][which]]] for name, peer in peers.items()}
        lines = paired_lines(indicators(first.labels[which], task), claimed, pairs)
        yield (
            f"{split}, {view}, {int(which.sum())} memes",
            [
                ["", "F1", *(f"seed {folder.name}" for folder in folders), "mean over seeds"],
                *([line.name, line.figure, *_cells(line.seeds, len(folders)), _told(line.mean)] for line in lines),
            ],
        )


def _cells(seeds: Sequence[Interval], count: int) -> list[str]:
    """A cell a seed; a claimant without seeds says the same for each."""
    return [_told(found) for found in seeds] * (1 if len(seeds) == count else count)


def _told(found: Interval) -> str:
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def table(rows: Rows, *, markdown: bool) -> str:
    """Rows under a header, as Markdown or in columns."""
    if markdown:
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])
    widths = np.array([[len(cell) for cell in row] for row in rows]).max(axis=0)
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def report(task: Task, seeds: Sequence[int] | None, *, markdown: bool) -> None:
    """Print all tables."""
    runs = kept_runs(task, seeds)
    folders, told = list(runs), list(runs.values())
    memes = memes_of(folders[0])
    variants = [
        name for name in told[0]["made_of"]["variants"] if all(name in run["made_of"]["variants"] for run in told)
    ]
    peers = linear_peers(memes, task, cache=KEPT / task.name / "peers")
    head = "\n### " if markdown else "\n"
    print(f"Command: python {shlex.join(sys.argv)}, at commit {commit()}")
    for run in told:
        print(f"Seed {run['seed']}: commit {run['commit']}, params {run['made_of']['params'][:12]}", end=". ")
        print(f"data {run['made_of']['data'][:12]}.")
    print(f"Memes: {memes.split.value_counts().to_dict()}. Text: {', '.join(sorted(set(memes.engine)))}.")
    print(f"{head}Stages of {task.title}\n\n{table(stage_rows(told), markdown=markdown)}")
    print("\nSeconds are of `dvc repro --single-item`: start, imports, validation and hashing included.")
    print(f"{head}Words read\n\n{table(error_rows(memes, task), markdown=markdown)}")
    print(f"{head}Linear peers, TF-IDF of words (1-2) and characters (2-5) with logistic regression\n")
    chosen = [
        [name, f"{peer.strength:g}", f"{peer.class_weight}", f"{peer.validation:.3f}"] for name, peer in peers.items()
    ]
    print(table([["decision", "C", "class weights", "macro-F1 on validation"], *chosen], markdown=markdown))
    for title, rows in score_rows(folders, memes, task, variants, peers):
        print(f"{head}{title}\n\n{table(rows, markdown=markdown)}")
    print(f"\nIn brackets: {CONFIDENCE:.0%} intervals of {RESAMPLES} resamples of memes, the same for all and paired.")


def main() -> None:
    """Run or report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run", help="run the graph for each seed and keep what it leaves")
    run.add_argument("--variants", nargs="+", default=["fusion", "text_only"], metavar="NAME")
    run.add_argument("--register", action="store_true", help="register each seed's variants too")
    told = verbs.add_parser("report", help="print time, character error, F1 and differences")
    told.add_argument("--markdown", action="store_true")
    for verb in (run, told):
        verb.add_argument("task", choices=TASKS)
    run.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    told.add_argument("--seeds", nargs="+", type=int, help="all that were measured")
    arguments = parser.parse_args()
    task = TASKS[arguments.task]
    if arguments.verb == "run":
        try:
            measure(task, arguments.seeds, arguments.variants, register=arguments.register)
        except SymptomemeError as error:
            raise SystemExit(str(error)) from None
        except KeyboardInterrupt:
            raise SystemExit("Interrupted; run it again to go on.") from None
    else:
        report(task, arguments.seeds, markdown=arguments.markdown)


if __name__ == "__main__":
    main()
