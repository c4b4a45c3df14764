"""dvc.yaml, the stages, their imports and params.yaml tell the same story."""

import contextlib
import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.repo import Repo

from symptomeme.cli.stage import OF_A_VARIANT, STAGES
from symptomeme.domain.labels import TASKS
from symptomeme.domain.params import Params, read_params

ROOT = Path(__file__).parents[2]
GRAPH = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
SAMPLE = ROOT / "profiles" / "sample.yaml"
DRIVES_THE_MATRIX = ("tasks",)
USED_BY = {
    "variants.fusion": {"train@anxiety-fusion", "train@depression-fusion", "register"},
    "variants.text_only": {"train@anxiety-text_only", "train@depression-text_only", "register"},
    "base": {"prealign", "train", "evaluate"},
    "ingest": {"ingest"},
    "validate": {"validate"},
    "ocr": {"ocr", "train"},  # the model's config says how its words are read
    "model": {"prealign", "train"},
    "prealign": {"prealign"},
    "train": {"train"},
    "evaluate": {"evaluate"},
    "register": {"register"},
    "monitor": set(),  # read by a command, no stage
}  # by hand, so that a stage that declares too much or too little is seen


def body(stage: str) -> dict[str, Any]:
    return GRAPH[stage].get("do", GRAPH[stage])


def test_every_stage_is_a_verb_and_a_module() -> None:
    assert list(GRAPH) == list(STAGES)
    for stage in GRAPH:
        assert body(stage)["cmd"].split()[:2] == ["symptomeme", stage]
        assert (ROOT / "src/symptomeme/stages" / f"{stage}.py").is_file()


def test_deps_name_what_each_stage_imports(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    spec = importlib.util.spec_from_file_location("stage_deps", ROOT / "scripts/stage_deps.py")
    assert spec and spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.main([]) == 0, capsys.readouterr().out


def test_a_stage_is_given_the_sections_it_declares() -> None:
    params = read_params(SAMPLE)
    names = {id(getattr(params, name)): (field.alias or name) for name, field in Params.model_fields.items()}
    for stage, known in STAGES.items():
        declared = [key.split(".")[0] for key in body(stage)["params"]]
        assert [names.get(id(section), "variants") for section in known.sections(params)] == declared, stage


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The real graph over empty files, committed to DVC without running it."""
    root = tmp_path_factory.mktemp("graph")
    shutil.copy(ROOT / "dvc.yaml", root)
    shutil.copy(SAMPLE, root / "params.yaml")
    shutil.copytree(ROOT / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    with contextlib.chdir(root):
        commit_without_running(root)
        yield root


def commit_without_running(root: Path) -> None:
    """Make every dependency and output an empty file or folder, and have DVC take them as the graph's results."""
    Repo.init(str(root), no_scm=True).close()
    with Repo(str(root)) as repo:
        for stage in repo.index.stages:
            for item in [*stage.deps, *stage.outs]:
                path = Path(item.fs_path)
                if not path.exists() and not hasattr(item, "params"):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.mkdir() if not path.suffix else path.touch()
        for name in ("text", "vision", "other"):
            (root / "data/weights" / name).mkdir(parents=True, exist_ok=True)
            (root / "data/weights" / name / "config.json").touch()
        repo.commit(force=True)


def leaves(value: Any, *path: str) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, *path, key)
    else:
        yield path


def changed(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return "data/weights/other" if value.startswith("data/weights") else f"{value}x"
    return 3 if value is None else value + 1


def addresses(stage: str) -> list[str]:
    """Every stage of this name, or the one with this address."""
    if "@" in stage:
        return [stage]
    variants = ("-fusion", "-text_only") if stage in OF_A_VARIANT else ("",)
    return [f"{stage}@{task}{variant}" for task in TASKS for variant in variants]


KEYS = [path for path in leaves(yaml.safe_load(SAMPLE.read_text())) if path[0] not in DRIVES_THE_MATRIX]


def test_dvc_sees_the_graph_as_clean(repository: Path) -> None:
    with Repo(str(repository)) as repo:
        assert repo.status() == {}


@pytest.mark.parametrize("key", KEYS, ids=".".join)
def test_a_key_changes_the_status_of_the_stages_that_use_it_alone(repository: Path, key: tuple[str, ...]) -> None:
    file = repository / "params.yaml"
    params = yaml.safe_load(before := file.read_text())
    section = params
    for name in key[:-1]:
        section = section[name]
    section[key[-1]] = changed(section[key[-1]])
    file.write_text(yaml.safe_dump(params, sort_keys=False))
    try:
        with Repo(str(repository)) as repo:
            touched = {stage.split(":")[-1] for stage in repo.status()}
    finally:
        file.write_text(before)
    used = USED_BY[".".join(key[:2])] if key[0] == "variants" else USED_BY[key[0]]
    assert touched == {name for stage in used for name in addresses(stage)}


def test_one_task_alone_is_a_graph(repository: Path) -> None:
    file = repository / "params.yaml"
    params = yaml.safe_load(before := file.read_text())
    del params["tasks"]["anxiety"]
    file.write_text(yaml.safe_dump(params, sort_keys=False))
    try:
        with Repo(str(repository)) as repo:
            names = {stage.addressing for stage in repo.index.stages}
            assert repo.status() == {}
    finally:
        file.write_text(before)
    assert "train@depression-fusion" in names
    assert not any("anxiety" in name for name in names)
