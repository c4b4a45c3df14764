"""The tables of the report: time, words read, scores."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from linear_peer import Peer

from symptomeme.domain.labels import Task
from symptomeme.domain.layout import dataset_paths
from symptomeme.domain.records import PREDICTION_ROWS, read_rows
from symptomeme.domain.writing import read_jsonl
from symptomeme.evaluation.bootstrap import Interval
from symptomeme.evaluation.paired import paired_lines
from symptomeme.evaluation.views import views
from symptomeme.learning.batches import indicators
from symptomeme.text.masking import masked
from symptomeme.text.quality import character_error

Rows = list[list[str]]
RESAMPLES = 2000
CONFIDENCE = 0.95


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


def error_rows(memes: pd.DataFrame, task: Task, *, mask: bool) -> Rows:
    """Mean character error over memes that have a given text, by drawn style.

    Args:
        memes: with the words that were read.
        task: theirs.
        mask: whether the run masked those words: then the given ones are masked too.
    """
    places = [dataset_paths(task.dataset).boxes(origin) for origin in sorted(set(memes.origin))]
    drawn = {row["key"]: row for place in places if place.is_file() for row in read_jsonl(place)}
    found = memes[memes.given_text.str.strip() != ""]
    truths = found.given_text.map(masked) if mask else found.given_text
    errors = pd.DataFrame(
        {
            "style": [drawn[key]["style"] if key in drawn else "as published" for key in found.key],
            "cut": [key in drawn and drawn[key]["cut"] for key in found.key],
            "error": [character_error(read, truth) for read, truth in zip(found.text, truths, strict=True)],
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
        truth = indicators(first.labels[which], task)
        lines = paired_lines(truth, claimed, pairs, resamples=RESAMPLES, confidence=CONFIDENCE, seed=0)
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
