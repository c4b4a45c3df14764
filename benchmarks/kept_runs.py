"""What measured seeds left: a folder each, with tables, figures, and what it was run with."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from symptomeme.domain.labels import Task
from symptomeme.domain.layout import CACHE, task_paths
from symptomeme.domain.records import MEME_ROWS, TEXT_ROWS, read_rows
from symptomeme.domain.writing import replacing

KEPT = CACHE / "benchmarks" / "real_text"
UNKNOWN = "unknown"


def keep(task: Task, variants: Sequence[str], folder: Path, run: dict[str, Any]) -> None:
    """Copy what a seed has left into its folder, with what it was run with."""
    paths = task_paths(task.name)
    with replacing(folder) as beside:
        beside.mkdir()
        for table in (paths.valid, paths.texts, paths.retrieval):
            shutil.copy(table, beside)
        for name in variants:
            place = paths.variant(name)
            (beside / name).mkdir()
            for file in (place.predictions, place.metrics, place.curves):
                shutil.copy(file, beside / name)
        (beside / "run.json").write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")


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


def commits_told(run: dict[str, Any]) -> str:
    """The commit that the stages of a seed ran at; if there are several, which stages ran at which."""
    stages: dict[str, list[str]] = {}
    for stage, found in run["stages"].items():
        stages.setdefault(" then ".join(found.get("commits", [UNKNOWN])), []).append(stage)
    if len(stages) == 1:
        (only,) = stages
        at_end = f" (kept at {run['commit']})" if only == UNKNOWN and "commit" in run else ""
        return f"commit {only}{at_end}"
    told = "; ".join(f"{commits}: {', '.join(names)}" for commits, names in stages.items())
    return f"STAGES RAN AT DIFFERENT COMMITS ({told})"
