"""Runs of the graph that are timed stage by stage and kept, one for each seed.

A run that was ended goes on where it was: finished seeds are kept, finished stages are DVC's, half-finished ones have
their checkpoints. The seconds of all goes are summed.
"""

import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from symptomeme.cli.main import ENVIRONMENT
from symptomeme.domain.digests import of_file, of_value
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import CACHE, PARAMS, dataset_paths, task_paths
from symptomeme.domain.locking import alone
from symptomeme.domain.writing import replacing, write_json, write_text

KEPT = CACHE / "benchmarks" / "real_text"
PR_SET_PDEATHSIG = 1  # linux/prctl.h
BEAT = 5  # seconds between two notes of how long a stage has run
OF_THE_TASK = ("ingest", "validate", "ocr", "prealign")
OF_A_VARIANT = ("train", "evaluate")
_SEED = re.compile(r"^(base:(?:[ \t]*#.*)?\n(?:(?:[ \t]+.*|[ \t]*#.*|)\n)*?[ \t]+seed:[ \t]*)(\d+)", re.MULTILINE)


def measure(task: Task, seeds: Sequence[int], variants: Sequence[str], *, register: bool) -> None:
    """Run the graph once for each seed that was not measured yet, and keep what it left."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    made_with = made_of(task, variants)
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
        _keep(task, variants, folder, {"seed": seed, "commit": commit(), "made_of": made_with, "stages": stages})
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


@contextmanager
def seed_set(seed: int) -> Iterator[None]:
    """Another `base.seed` in params.yaml, the rest of its text untouched; the old one comes back, after a kill too."""
    kept = KEPT / "seed_before.json"  # what a killed run could not bring back
    before = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else _swap_seed(None)
    write_json(kept, before)
    try:
        _swap_seed(seed)
        yield
    finally:
        _swap_seed(before)
        kept.unlink()


def commit() -> str:
    """The commit of this project, and whether its code is another than that."""
    head = _git("rev-parse", "--short=12", "HEAD")
    changed = _git("status", "--porcelain", "--", "src", "benchmarks", "dvc.yaml")
    return (head or "unknown") + (" and changes" if changed else "")


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=False).stdout.strip()


def _swap_seed(seed: int | None) -> int:
    """Put a seed into params.yaml (None: leave it); the one that was there."""
    text = PARAMS.read_text(encoding="utf-8")
    found = _SEED.search(text)
    if found is None:
        raise SystemExit(f"{PARAMS}: no whole number stands at base.seed. Run: symptomeme params use NAME")
    if seed is not None and seed != int(found[2]):
        write_text(PARAMS, text[: found.start(2)] + str(seed) + text[found.end(2) :])
    return int(found[2])


def _run(task: Task, seed: int, stages: Sequence[str], made_with: dict[str, Any]) -> dict[str, Any]:
    """Run stages one by one; how long each took, as the journal beside the kept folder has it."""
    journal_path = KEPT / task.name / f"{seed}.journal.json"
    journal = json.loads(journal_path.read_text(encoding="utf-8")) if journal_path.is_file() else {}
    if journal.get("made_of") != made_with:
        journal = {"made_of": made_with, "stages": {}}
    for stage in stages:
        before = journal["stages"].get(stage, {"seconds": 0.0, "goes": 0, "how": "ended"})
        fresh = {"seconds": 0.0, "goes": 0} if before["how"] != "ended" else before
        now = {**fresh, "goes": fresh["goes"] + 1, "how": "ended"}
        now.setdefault("warm", stage.startswith("ocr@") and any((CACHE / "ocr").glob("*")))
        done = before["how"] == "ran"
        for seconds, how in _seconds_of(stage, journal_path.with_name(f"{seed}.log"), again=fresh["goes"] > 0):
            now = {**now, "seconds": round(fresh["seconds"] + seconds, 2), "how": how}
            if not done or how == "ran":
                journal["stages"][stage] = now
                write_json(journal_path, journal)
        journal["stages"][stage].update(_size(task, stage))
        write_json(journal_path, journal)
        print(f"seed {seed}: {stage} {now['how']}, {now['seconds']:.0f} s", flush=True)
    return dict(journal["stages"])


def _seconds_of(stage: str, log: Path, *, again: bool) -> Iterator[tuple[float, str]]:
    """Run one stage; now and then the seconds since its start, with `ended` until it is known how it went.

    If it was ended before (`again`), it may be DVC's already: it ran if it did in any go.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    started = time.monotonic()
    yield 0.0, "ended"
    with log.open("a+", encoding="utf-8", errors="replace") as out:
        begin = out.seek(0, os.SEEK_END)
        process = subprocess.Popen(
            ["dvc", "repro", "--single-item", stage],
            env={**ENVIRONMENT, **os.environ, "PATH": path},
            stdout=out,
            stderr=subprocess.STDOUT,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - no thread runs here
        )
        try:
            while process.poll() is None:
                try:
                    process.wait(timeout=BEAT)
                except subprocess.TimeoutExpired:
                    yield time.monotonic() - started, "ended"
        finally:
            if process.poll() is None:  # this process is being ended
                _end(process)
        seconds = time.monotonic() - started
        out.seek(0 if again else begin)
        told = out.read()
    if process.returncode:
        raise SystemExit(f"{stage} failed, see the end of {log}. Mend it and run this again: it goes on here.")
    ran, restored = (words in told for words in (f"Running stage '{stage}'", f"Stage '{stage}' is cached"))
    how = "ran" if ran else "restored" if restored else "unchanged"
    yield seconds, how


def _end_with_parent() -> None:
    """Have Linux end this process when its parent is killed: the next run would find DVC busy."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Wait for a DVC that Ctrl-C has reached too, else end it; its stage ends with it."""
    try:
        process.wait(timeout=3)
    except subprocess.TimeoutExpired:
        process.terminate()  # it ignores SIGINT while a stage runs
        process.wait()


def _size(task: Task, stage: str) -> dict[str, int]:
    """Memes that a stage goes through, and how often."""
    paths, (name, _, of) = task_paths(task.name), stage.partition("@")
    memes = pd.read_parquet(paths.memes if name in ("ingest", "validate") else paths.valid, columns=["split"]).split
    if name not in ("prealign", "train"):
        return {"memes": int((memes != "train").sum()) if name == "evaluate" else len(memes), "epochs": 1}
    curves = paths.alignment_curves if name == "prealign" else paths.variant(of.removeprefix(f"{task.name}-")).curves
    return {"memes": int((memes == "train").sum()), "epochs": len(pd.read_csv(curves))}


def _keep(task: Task, variants: Sequence[str], folder: Path, run: dict[str, Any]) -> None:
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
