"""dvc.yaml, the stages, their imports and params.yaml tell the same story."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.repo import Repo

from symptomeme.cli.stage import OF_A_VARIANT, STAGES
from symptomeme.domain.params import Params, check_params, read_params

ROOT = Path(__file__).parents[2]
GRAPH = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
SAMPLE = ROOT / "profiles" / "sample.yaml"
NAMES = ["variants", "published.tasks", "published.variants"]
"""Where the names of a task's variants stand."""


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


def test_a_stage_is_given_what_it_declares_and_no_more() -> None:
    params = read_params(SAMPLE)
    places = {id(getattr(params, name)): (field.alias or name) for name, field in Params.model_fields.items()}
    places |= {id(described): f"variants.{name}" for name, described in params.variants.items()}
    places |= {id(described): f"published.variants.{name}" for name, described in params.published.variants.items()}
    places[id(params.published.checkpoint)] = "published.checkpoint"
    places[id(params.ocr.mask_personal)] = "ocr.mask_personal"  # the only truth value that a stage is given
    for stage, known in STAGES.items():
        variant = {"variants": "text_only", "published.variants": "published", "": ""}[OF_A_VARIANT.get(stage, "")]
        declared = [key.replace("${item.variant}", variant) for key in body(stage)["params"]]
        names: list[str] = []
        for part in known.sections(params, "anxiety", variant):
            names += NAMES if part == params.variants_of("anxiety") else [places[id(part)]]
        assert names == declared, stage


def test_a_task_has_the_variants_of_its_checkpoint_if_there_is_one() -> None:
    found = yaml.safe_load(SAMPLE.read_text())
    found["published"]["tasks"] = ["depression"]
    params = check_params(found, where="params.yaml")
    assert params.variants_of("anxiety") == ["fusion", "text_only"]
    assert params.variants_of("depression") == ["fusion", "text_only", "published"]


def test_what_a_stage_imports_reads_no_params_besides() -> None:
    for stage in GRAPH:
        for dep in body(stage)["deps"]:
            # lineage keeps a copy of the file with each version and reads no value in it
            if dep.endswith(".py") and not dep.endswith(("domain/layout.py", "lineage.py")):
                found = re.search(r"\b(read_params|PARAMS)\b", (ROOT / dep).read_text(encoding="utf-8"))
                assert found is None, f"{stage}: {dep}"


def test_dvc_sees_the_graph_as_clean(repository: Path) -> None:
    with Repo(str(repository)) as repo:
        assert repo.status() == {}


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


def test_a_checkpoint_adds_a_stage_that_reads_it_and_that_registration_waits_for(repository: Path) -> None:
    file = repository / "params.yaml"
    params = yaml.safe_load(before := file.read_text())
    params["published"]["tasks"] = ["depression"]
    file.write_text(yaml.safe_dump(params, sort_keys=False))
    try:
        with Repo(str(repository)) as repo:
            new = [stage for stage in repo.index.stages if "published@" in stage.addressing]
            (register,) = (stage for stage in repo.index.stages if stage.addressing == "register@depression")
            needed = {stage.addressing for stage in repo.index.graph.successors(register)}
            deps = {str(dep) for dep in new[0].deps}
    finally:
        file.write_text(before)
    assert [stage.addressing for stage in new] == ["published@depression-published"]
    assert {"data/weights/published/depression.pth", "data/weights/mental-roberta-base"} <= deps
    assert "published@depression-published" in needed
