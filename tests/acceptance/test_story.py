"""From a champion of few memes to a better one, past a worse one, and back: only commands act, and the log tells it."""

import json
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_project import ROOT, environment, run

from symptomeme.sample.make import make_sample

pytestmark = pytest.mark.acceptance

TASK, OTHER = "depression", "anxiety"
SHARE = 0.3
RAN = re.compile(r"Running stage '([\w-]+@[\w-]+)'")


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """The archives of the sample."""
    make_sample(tmp_path / "drawn")
    return tmp_path / "drawn"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """What is committed, with one variant, its encoders and a repository of its own."""
    place = tmp_path / "project"
    run("git", "clone", "--quiet", ROOT, place, cwd=tmp_path)
    for name in ("data.dvc", "dvc.lock"):  # of the finished sample
        (place / name).unlink()
    params = yaml.safe_load((place / "params.yaml").read_text())
    params["variants"] = {"fusion": params["variants"]["fusion"]}
    (place / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    run("symptomeme", "fetch-weights", "sample", cwd=place)
    return place


def part(archive: Path, folder: Path, keep: list[dict[str, Any]], *, others: bool) -> Path:
    """An archive with these training records; with the memes of other splits, or without."""
    shutil.copytree(archive, folder)
    (folder / f"{TASK}_train.json").write_text(json.dumps(keep))
    if not others:
        for split in ("val", "test", "extra"):
            (folder / f"{TASK}_{split}.json").unlink(missing_ok=True)
            shutil.rmtree(folder / "depressive_image" / split, ignore_errors=True)
    kept = {record["sample_id"] for record in keep}
    for picture in (folder / "depressive_image/train").iterdir():
        if picture.stem not in kept:
            picture.unlink()
    return folder


def shuffled(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    labels = [record["meme_depressive_categories"] for record in records]
    random.Random(3).shuffle(labels)
    return [{**record, "meme_depressive_categories": label} for record, label in zip(records, labels, strict=True)]


def retrain(root: Path) -> set[str]:
    """Run the flow; the nodes of the graph that had work to do."""
    done = subprocess.run(
        [sys.executable, "-m", "flows.retrain"],
        cwd=root,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told[-6000:]
    return set(RAN.findall(told))


def champions(root: Path) -> dict[str, str]:
    """The live version of each task."""
    live = json.loads((root / "state/live.json").read_text())
    return {task: model["version"] for task, model in live["models"].items()}


def decisions(root: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (root / "state/promotions.jsonl").read_text().splitlines()]
    return [row for row in rows if row["task"] == TASK and row["kind"] != "intent"]


def test_more_memes_win_shuffled_labels_do_not_and_a_rollback_restores(root: Path, drawn: Path, tmp_path: Path) -> None:
    archive = drawn / TASK
    records = json.loads((archive / f"{TASK}_train.json").read_text())
    mixed = random.Random(1).sample(records, len(records))
    few = part(archive, tmp_path / "few", mixed[: round(SHARE * len(mixed))], others=True)
    rest = part(archive, tmp_path / "rest", mixed[round(SHARE * len(mixed)) :], others=False)
    wrong = part(archive, tmp_path / "wrong", shuffled(records), others=True)

    run("symptomeme", "import-data", OTHER, drawn / OTHER, cwd=root)
    run("symptomeme", "import-data", TASK, few, cwd=root)
    assert {node.partition("@")[2].partition("-")[0] for node in retrain(root)} == {TASK, OTHER}
    run("symptomeme", "package", cwd=root)
    assert champions(root) == {TASK: "1", OTHER: "1"}

    run("symptomeme", "import-data", TASK, "--add", rest, cwd=root)
    assert {node.partition("@")[2].partition("-")[0] for node in retrain(root)} == {TASK}
    assert champions(root) == {TASK: "2", OTHER: "1"}

    shutil.rmtree(root / "data/restore")
    run("symptomeme", "import-data", TASK, wrong, cwd=root)
    retrain(root)
    assert champions(root) == {TASK: "2", OTHER: "1"}

    run("symptomeme", "rollback", "--task", TASK, "--by", "ada", cwd=root)
    assert champions(root) == {TASK: "1", OTHER: "1"}
    assert retrain(root) == set()
    assert champions(root) == {TASK: "1", OTHER: "1"}

    told = decisions(root)
    seen = [(row["kind"], row["from"], row["to"]) for row in told]
    assert seen[:6] == [
        ("first", None, "1"),
        ("registered", "1", "2"),
        ("gate", "1", "2"),
        ("registered", "2", "3"),
        ("refused", "2", "3"),
        ("rollback", "2", "1"),
    ]
    assert {row["kind"] for row in told[6:]} <= {"refused"}  # the challenger of shuffled labels, once more
    won, refused = ({criterion["name"]: criterion for criterion in told[place]["criteria"]} for place in (2, 4))
    assert all(criterion["passed"] for criterion in won.values())
    assert won["macro_f1"]["low"] > 0
    assert not refused["macro_f1"]["passed"]
    assert refused["macro_f1"]["high"] < 0
    log = run("symptomeme", "promotions", "--task", TASK, cwd=root)
    assert re.search(r"gate: champion 1 -> 2", log)
    assert re.search(r"refused: .*macro_f1", log)
    assert re.search(r"rollback: champion 2 -> 1, by ada", log)
