"""Runs of the graph that are timed stage by stage and kept, one for each seed.

A run that was ended goes on where it was: finished seeds are kept, finished stages are DVC's, half-finished ones have
their checkpoints. The seconds of all goes are summed, and the commits of all goes noted.
"""

import json
import signal
import subprocess
from collections.abc import Sequence
from typing import Any

import pandas as pd
import yaml
from kept_runs import KEPT, UNKNOWN, keep
from seed_in_params import seed_set
from timed_stage import seconds_of

from symptomeme.domain.digests import of_file, of_value
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import CACHE, PARAMS, dataset_paths, task_paths
from symptomeme.domain.locking import alone
from symptomeme.domain.params import read_params
from symptomeme.domain.writing import write_json

OF_THE_TASK = ("ingest", "validate", "ocr", "reason", "prealign")
OF_A_VARIANT = ("train", "evaluate")


def measure(task: Task, seeds: Sequence[int], variants: Sequence[str], *, register: bool) -> None:
    """Run the graph once for each seed that was not measured yet, and keep what it left."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    made_with, masked = made_of(task, variants), read_params().ocr.mask_personal
    for seed in seeds:
        folder = KEPT / task.name / str(seed)
        if folder.is_dir():
            found = json.loads((folder / "run.json").read_text(encoding="utf-8"))["made_of"]
            if found != made_with:
                raise SystemExit(
                    f"{folder} was measured with other params, data or variants. "
                    "Delete it to measure this seed again, or bring those back."
                )
            print(f"seed {seed}: measured already, {folder}")
            continue
        with alone("benchmark"), seed_set(seed):
            stages = _run(task, seed, stages_of(task, variants, register=register), made_with)
        keep(task, variants, folder, {"seed": seed, "masked": masked, "made_of": made_with, "stages": stages})
        print(f"seed {seed}: kept in {folder}")


def stages_of(task: Task, variants: Sequence[str], *, register: bool) -> list[str]:
    """DVC's names of the stages to run, in order."""
    stages = [f"{stage}@{task.name}" for stage in OF_THE_TASK]
    stages += [f"{stage}@{task.name}-{variant}" for variant in variants for stage in OF_A_VARIANT]
    return stages + [f"register@{task.name}"] * register


def made_of(task: Task, variants: Sequence[str]) -> dict[str, Any]:
    """What makes two runs comparable: digests of the params but for the seed, and of the data; and the variants."""
    params = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))
    params["base"].pop("seed")
    root = dataset_paths(task.dataset)
    data = {place.as_posix(): of_file(place) for place in sorted(root.root.glob("*/metadata.jsonl")) + [root.splits]}
    return {"params": of_value(params), "data": of_value(data), "variants": list(variants)}


def commit() -> str:
    """The commit of this project, and whether its code is another than that."""
    head = _git("rev-parse", "--short=12", "HEAD")
    changed = _git("status", "--porcelain", "--", "src", "benchmarks", "dvc.yaml")
    return (head or "unknown") + (" and changes" if changed else "")


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=False).stdout.strip()


def _run(task: Task, seed: int, stages: Sequence[str], made_with: dict[str, Any]) -> dict[str, Any]:
    """Run stages one by one; how long each took, as the journal beside the kept folder has it."""
    journal_path = KEPT / task.name / f"{seed}.journal.json"
    journal = json.loads(journal_path.read_text(encoding="utf-8")) if journal_path.is_file() else {}
    log = journal_path.with_name(f"{seed}.log")
    if journal.get("made_of") != made_with:
        log.unlink(missing_ok=True)  # what it says of stages is of other runs
        journal = {"made_of": made_with, "stages": {}}
    for stage in stages:
        before: dict[str, Any] = journal["stages"].get(stage, {"seconds": 0.0, "goes": 0, "how": "ended"})
        fresh: dict[str, Any] = {"seconds": 0.0, "goes": 0} if before["how"] != "ended" else before
        commits = fresh.get("commits", [UNKNOWN] if fresh["goes"] else [])
        commits = [*commits, *({commit()} - {*commits[-1:]})]
        now = {**fresh, "goes": fresh["goes"] + 1, "how": "ended", "commits": commits}
        now.setdefault("warm", stage.startswith("ocr@") and any((CACHE / "ocr").glob("*")))
        done = before["how"] == "ran"
        for seconds, how in seconds_of(stage, log, again=fresh["goes"] > 0):
            now = {**now, "seconds": round(fresh["seconds"] + seconds, 2), "how": how}
            if not done or how == "ran":
                journal["stages"][stage] = now
                write_json(journal_path, journal)
        journal["stages"][stage].update(_size(task, stage))
        write_json(journal_path, journal)
        print(f"seed {seed}: {stage} {now['how']}, {now['seconds']:.0f} s", flush=True)
    return dict(journal["stages"])


def _size(task: Task, stage: str) -> dict[str, int]:
    """Memes that a stage goes through, and how often."""
    paths, (name, _, of) = task_paths(task.name), stage.partition("@")
    memes = pd.read_parquet(paths.memes if name in ("ingest", "validate") else paths.valid, columns=["split"]).split
    if name not in ("prealign", "train"):
        return {"memes": int((memes != "train").sum()) if name == "evaluate" else len(memes), "epochs": 1}
    curves = paths.alignment_curves if name == "prealign" else paths.variant(of.removeprefix(f"{task.name}-")).curves
    return {"memes": int((memes == "train").sum()), "epochs": len(pd.read_csv(curves))}
