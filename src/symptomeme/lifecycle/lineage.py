"""What a registered model came of, as git and DVC tell it where it is registered, and what they told then."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from symptomeme.domain.digests import of_value
from symptomeme.domain.layout import PARAMS, dataset_paths

COMMIT, DIRTY, CHANGED = "symptomeme.git_commit", "symptomeme.git_dirty", "symptomeme.git_changed"
DATA, DATASET, TRAINED_WITH = "symptomeme.data_md5", "symptomeme.dataset_md5", "symptomeme.params_digest"
LINEAGE = "lineage"
"""Artifact folder with the files below as they were."""

LOCK, DATA_DVC = Path("dvc.lock"), Path("data.dvc")
FILES = (PARAMS, DATA_DVC, LOCK)

_MOST = 30  # changed files that are named
_LONGEST = 4000  # characters; MLflow refuses longer tags


def origin(dataset: str, trained_with: Mapping[str, Any]) -> dict[str, str]:
    """Tags of a version: the commit, whether the tree differed from it and where, hashes of data and params.

    `dvc.lock` does not make a tree dirty: the run that registers has just written it, and it follows from the rest.

    Args:
        dataset: folder under data/.
        trained_with: sections of params.yaml that the model was trained with.
    """
    tags = {TRAINED_WITH: of_value(trained_with), **_git()}
    whole = [out["md5"] for out in _yaml(DATA_DVC).get("outs", [])]
    part = {
        dep["md5"]
        for stage in _yaml(LOCK).get("stages", {}).values()
        for dep in stage.get("deps", [])
        if dep["path"] == dataset_paths(dataset).root.as_posix()
    }
    return tags | ({DATA: whole[0]} if whole else {}) | ({DATASET: part.pop()} if len(part) == 1 else {})


def stages_of(lock: Path, task: str, variant: str) -> dict[str, Any]:
    """What `dvc.lock` tells of the stages that made a variant: hashes of what they read, ran, took and wrote."""
    told = {}
    for name, stage in _yaml(lock).get("stages", {}).items():
        kind, _, which = name.partition("@")
        if kind == "register" or which not in (task, f"{task}-{variant}"):
            continue
        hashes = {dep["path"]: dep["md5"] for dep in stage.get("deps", [])}
        code = {path: md5 for path, md5 in hashes.items() if path.startswith("src/")}
        told[name] = {
            "reads": {path: md5 for path, md5 in hashes.items() if path not in code},
            "code": of_value(code),
            "params": of_value(stage.get("params", {})),
            "writes": {out["path"]: out["md5"] for out in stage.get("outs", [])},
        }
    return told


def _git() -> dict[str, str]:
    """Nothing where there is no repository or no commit."""
    commit = _git_output("rev-parse", "HEAD")
    changes = _git_output("status", "--porcelain", "--", ".", f":!{LOCK}")
    if commit is None or changes is None:
        return {}
    changed = [line[3:] for line in changes.splitlines()]
    more = [f"and {len(changed) - _MOST} more"] if len(changed) > _MOST else []
    return {
        COMMIT: commit.strip(),
        DIRTY: json.dumps(bool(changed)),
        **({CHANGED: ", ".join([*changed[:_MOST], *more])[:_LONGEST]} if changed else {}),
    }


def _git_output(*arguments: str) -> str | None:
    try:
        return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def _yaml(path: Path) -> dict[str, Any]:
    """Nothing where DVC has left no such file, or is writing it."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}
