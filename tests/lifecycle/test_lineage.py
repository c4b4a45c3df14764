"""What git and DVC told when a model was registered."""

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from mlflow.entities.model_registry import ModelVersion

from symptomeme.lifecycle.candidate import DATA_KIND, TASK, VARIANT
from symptomeme.lifecycle.lineage import origin, stages_of
from symptomeme.lifecycle.trace import reproduce

LOCK: dict[str, Any] = {
    "ingest@anxiety": {
        "deps": [{"path": "data/axiom", "md5": "a.dir"}, {"path": "src/symptomeme/stages/ingest.py", "md5": "b"}],
        "params": {"params.yaml": {"ingest": {"phash_distance": 8}}},
        "outs": [{"path": "artifacts/anxiety/memes.parquet", "md5": "c"}],
    },
    "train@anxiety-fusion": {"outs": [{"path": "artifacts/anxiety/variants/fusion/model", "md5": "d.dir"}]},
    "train@anxiety-text_only": {"outs": []},
    "ingest@depression": {"deps": [{"path": "data/restore", "md5": "e.dir"}]},
    "register@anxiety": {"outs": []},
}


def git(*arguments: str) -> str:
    told = subprocess.run(["git", *arguments], check=True, capture_output=True, text=True)
    return told.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("data.dvc").write_text(yaml.safe_dump({"outs": [{"md5": "f.dir", "path": "data"}]}))
    Path("dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": LOCK}))
    Path("params.yaml").write_text("a: 1\n")
    git("init", "--quiet")
    git("add", "--all")
    git("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "all")
    return tmp_path


def test_commit_and_hashes_are_recorded_and_the_lock_makes_no_tree_dirty(repository: Path) -> None:
    with Path("dvc.lock").open("a") as lock:
        lock.write("# written by the run\n")
    found = origin("axiom", {"base": {"seed": 42}})
    assert len(found.pop("symptomeme.params_digest")) == 64
    assert found == {
        "symptomeme.git_commit": git("rev-parse", "HEAD"),
        "symptomeme.git_dirty": "false",
        "symptomeme.data_md5": "f.dir",
        "symptomeme.dataset_md5": "a.dir",
    }


def test_a_dirty_tree_is_recorded_with_what_differed(repository: Path) -> None:
    Path("params.yaml").write_text("a: 2\n")
    Path("new.py").touch()
    found = origin("axiom", {})
    assert (found["symptomeme.git_dirty"], found["symptomeme.git_changed"]) == ("true", "params.yaml, new.py")


def test_without_git_and_dvc_nothing_is_made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert set(origin("axiom", {})) == {"symptomeme.params_digest"}


def test_only_the_stages_that_made_a_variant_are_told(repository: Path) -> None:
    found = stages_of(Path("dvc.lock"), "anxiety", "fusion")
    assert list(found) == ["ingest@anxiety", "train@anxiety-fusion"]
    assert found["ingest@anxiety"]["reads"] == {"data/axiom": "a.dir"}
    assert found["train@anxiety-fusion"]["writes"] == {"artifacts/anxiety/variants/fusion/model": "d.dir"}


REPRO = ["dvc repro evaluate@anxiety-fusion", "dvc repro register@anxiety"]


def version(dirty: str, kind: str) -> ModelVersion:
    tags = {"symptomeme.git_commit": "abc", "symptomeme.git_dirty": dirty, TASK: "anxiety", VARIANT: "fusion"}
    found = ModelVersion("symptomeme-anxiety", "3", 0, run_id="r1")
    found._tags = {**tags, DATA_KIND: kind}
    return found


@pytest.fixture
def with_dvc(repository: Path) -> Path:
    dvc = [sys.executable, "-m", "dvc"]
    subprocess.run([*dvc, "init", "--quiet"], check=True)
    Path("data").mkdir()
    Path("data/meme").write_text("a meme")
    subprocess.run([*dvc, "add", "--quiet", "data"], check=True)
    git("add", "--all")
    git("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "data")
    return repository


def test_a_dirty_tree_needs_the_files_of_the_run() -> None:
    clean, dirty = (reproduce(version(each, "published"), "sqlite:///a b.db") for each in ("false", "true"))
    assert clean[0] == dirty[0] == "git checkout abc"
    assert dirty[1:3] == [
        "MLFLOW_TRACKING_URI='sqlite:///a b.db' mlflow artifacts download --run-id r1 --artifact-path lineage "
        "--dst-path .",
        "cp lineage/params.yaml lineage/data.dvc .",
    ]
    assert clean[1:] == dirty[3:]
    assert clean[-2:] == REPRO


def test_without_a_remote_the_sample_is_drawn_again(with_dvc: Path) -> None:
    assert reproduce(version("false", "sample"), "") == ["git checkout abc", "make demo"]
    assert reproduce(version("true", "sample"), "")[2:] == ["cp lineage/params.yaml .", "make demo"]


def test_without_a_remote_a_clone_pulls_from_this_project(
    with_dvc: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _, *commands = reproduce(version("false", "published"), "")
    assert commands[-2:] == REPRO
    clone = tmp_path_factory.mktemp("clones") / "clone"
    git("clone", "--quiet", str(with_dvc), str(clone))
    for command in commands[:-2]:
        subprocess.run([sys.executable, "-m", *shlex.split(command)], cwd=clone, check=True)
    assert (clone / "data/meme").read_text() == "a meme"


def test_from_a_remote_it_is_pulled(with_dvc: Path) -> None:
    subprocess.run([sys.executable, "-m", "dvc", "remote", "add", "--quiet", "store", "store"], check=True)
    for kind in ("sample", "published"):
        assert reproduce(version("false", kind), "") == ["git checkout abc", "dvc pull data.dvc", *REPRO]
