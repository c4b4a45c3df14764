"""A small real project, ready for `dvc repro`: drawn memes, tiny encoders, one task."""

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import networkx
import yaml
from dvc.repo import Repo
from PIL import Image

from symptomeme.cli.main import main

ROOT = Path(__file__).parents[1]
TEXTS = {
    "Feeling Down": "the rain picked me for its team again",
    "Eating Disorder": "dinner at four in the morning is still dinner",
    "Lack of Interest": "started the show and watched the wall instead",
    "Concentration Problem": "read the same line for the ninth time",
}
SMALL = {
    "model": {"num_heads": 4, "num_depths": 2, "num_experts": 2, "contrastive_size": 16, "max_length": 40},
    "prealign": {"epochs": 1, "frozen_text_layers": 0},
    "train": {"epochs": 2, "frozen_text_layers": 1},
    "evaluate": {"resamples": 50},
    "validate": {"max_bad_share": 0.2},
    "promote": {"resamples": 200, "min_memes": 5, "min_self_harm_recall": 0.0},
}


def environment() -> dict[str, str]:
    """This environment, with the programs beside the interpreter first and the registry in the project."""
    changed = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for name in ("MLFLOW_TRACKING_URI", "SYMPTOMEME_POSTGRES"):
        changed.pop(name, None)
    return changed


def run(*command: str | Path, cwd: Path) -> str:
    """What a command prints; it must end well."""
    done = subprocess.run([*map(str, command)], cwd=cwd, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def annotations(prefix: str, count: int) -> list[dict[str, Any]]:
    labels = list(TEXTS)
    return [
        {
            "sample_id": f"{prefix}-{index}",
            "ocr_text": f"{TEXTS[labels[index % 4]]} number {index}" if index else "",
            "meme_depressive_categories": [labels[index % 4]],
        }
        for index in range(count)
    ]


def new_project(
    base: Path,
    text_folder: Path,
    vision_folder: Path,
    *,
    train: int = 24,
    changes: dict[str, Any] | None = None,
    reasoner: Path | None = None,
) -> Path:
    """Make `base`/project with a DVC and git repository, `train` + 18 memes in it, and other params where told."""
    root = base / "project"
    root.mkdir()
    for name in ("src", "profiles", "assets"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dvc.yaml", ".gitignore"):
        shutil.copy(ROOT / name, root)
    params = yaml.safe_load((ROOT / "profiles/sample.yaml").read_text())
    params["tasks"] = {"depression": "restore"}
    for section, values in [*SMALL.items(), *(changes or {}).items()]:
        params[section].update(values)
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    for split, prefix, count in (("train", "TR", train), ("test", "TE", 12), ("more", "EX", 6)):
        (base / f"depression_{split}.json").write_text(json.dumps(annotations(prefix, count)))
    run("git", "init", "--quiet", cwd=root)
    run("dvc", "init", "--quiet", cwd=root)
    shutil.copy(ROOT / ".dvc/config", root / ".dvc/config")
    shutil.copytree(ROOT / ".dvc/plots", root / ".dvc/plots")
    train_file, test_file, extra = (str(base / f"depression_{split}.json") for split in ("train", "test", "more"))
    drawn = str(base / "drawn")
    draw = ["draw", "depression", "--out", drawn, "--annotations", train_file, test_file, "--extra", extra]
    with contextlib.chdir(root):
        assert main(draw) == 0
        assert main(["import-data", "depression", drawn]) == 0
    shutil.copytree(text_folder, root / "data/weights/text")
    shutil.copytree(vision_folder, root / "data/weights/vision")
    if reasoner is not None:
        shutil.copytree(reasoner, root / "data/weights/reason")
    run("dvc", "add", "--quiet", "data", cwd=root)
    return root


def run_graph(root: Path) -> None:
    """What `dvc repro` leaves: all stages but `register` run in this process, without a start of Python for each."""
    with contextlib.chdir(root):
        with Repo() as repo:
            ordered = networkx.lexicographical_topological_sort(repo.index.graph.reverse(), key=str)
            stages = {stage.addressing: stage.cmd for stage in ordered if stage.cmd and "register" not in stage.cmd}
        for command in stages.values():
            assert main(shlex.split(command)[1:]) == 0, command
    run("dvc", "commit", "--quiet", "--force", *stages, cwd=root)
    run("dvc", "repro", "--quiet", cwd=root)  # what it keeps of a stage without cached outputs, only a run of it leaves


def read_project(base: Path, text_folder: Path, vision_folder: Path, classes: Sequence[str]) -> Path:
    """Make `base`/project without DVC: sixteen memes of these classes as far as reason, given texts alone."""
    rows = [
        {"sample_id": f"TR-{n}", "ocr_text": f"words of {n}", "meme_anxiety_category": classes[n % len(classes)]}
        for n in range(16)
    ]
    (base / "anxiety/train").mkdir(parents=True)
    (base / "anxiety/train.json").write_text(json.dumps(rows))
    for n in range(16):
        Image.linear_gradient("L").rotate(11 * n).save(base / f"anxiety/train/TR-{n}.png")
    root = base / "project"
    shutil.copytree(text_folder, root / "data/weights/text")
    shutil.copytree(vision_folder, root / "data/weights/vision")
    params = yaml.safe_load((ROOT / "profiles/sample.yaml").read_text())
    for section, values in SMALL.items():
        params[section].update(values)
    params["ocr"]["source"] = "given"
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    with contextlib.chdir(root):
        assert main(["import-data", "anxiety", str(base / "anxiety"), "--val-share", "0.25"]) == 0
        for stage in ("ingest", "validate", "ocr", "reason"):
            assert main([stage, "--task", "anxiety"]) == 0
    return root
