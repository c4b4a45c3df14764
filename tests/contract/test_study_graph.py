"""studies/dvc.yaml, the cells and what they are given tell the same story; the main graph knows nothing of it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from contract.conftest import ROOT, committed_graph, other_value
from dvc.dependency import ParamsDependency
from dvc.repo import Repo

from flows.graph import steps
from symptomeme.cli.cell import of_ablation, of_baseline
from symptomeme.domain.layout import STUDY_ASKED, STUDY_GRAPH, STUDY_PARAMS
from symptomeme.domain.params import read_params
from symptomeme.domain.study_params import StudyParams, read_study
from symptomeme.lifecycle.study import not_up_to_date

ONE = {"tasks": ["anxiety"], "seeds": [42, 43]}


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The real graphs over empty files, committed to DVC without running, with cells for one task and two seeds."""
    root = tmp_path_factory.mktemp("study")
    shutil.copytree(ROOT / "studies", root / "studies")
    (root / STUDY_ASKED).write_text(yaml.safe_dump({"asked": ONE}))
    with committed_graph(root, (ROOT / "profiles/sample.yaml").read_text(encoding="utf-8")):
        yield root


def of_study(repo: Repo) -> list[Any]:
    return [stage for stage in repo.index.stages if Path(stage.path) == Path(repo.root_dir) / STUDY_GRAPH]


def of_params(root: Path) -> set[str]:
    """The cells whose params are not those of their last run."""
    with Repo(str(root)) as repo:
        return {
            stage.name
            for stage in of_study(repo)
            if any(dep.status() for dep in stage.deps if isinstance(dep, ParamsDependency))
        }


def study() -> StudyParams:
    return read_study(read_params())


def named(*rows: str) -> set[str]:
    """The stages of these rows."""
    return {cell.address.split(":")[1] for cell in study().cells("anxiety", ONE["seeds"], rows)}


def test_there_is_a_stage_a_cell(studied: Path) -> None:
    with Repo(str(studied)) as repo:
        assert {stage.name for stage in of_study(repo)} == named(*study().names)
        assert repo.status() == {}


@pytest.mark.parametrize(
    ("key", "value", "stale"),
    [
        ("base.seed", 7, ()),
        ("base.threads", 2, ("commonest", "every_label", "tfidf", "frozen_encoder", "full")),
        ("model.max_length", 9, ("tfidf", "full", "image_only")),
        ("train.epochs", 9, ("full", "text_encoder")),
        ("ocr.lang", "deu", ("full",)),
        ("evaluate.resamples", 9, ()),
        ("variants.fusion.start", "encoders", ()),
    ],
)
def test_a_key_makes_the_cells_stale_that_are_given_it(
    studied: Path, key: str, value: object, stale: tuple[str, ...]
) -> None:
    with other_value(studied, key, lambda _: value):
        found = of_params(studied)
    assert named(*stale) <= found
    assert bool(found) == bool(stale)
    assert (found & named(*study().baselines) == set()) == ("tfidf" not in stale)


def test_a_changed_ablation_makes_its_own_cells_stale(studied: Path) -> None:
    file = studied / STUDY_PARAMS
    before = file.read_text()
    file.write_text(before.replace("model: {attention: first}", "model: {attention: first, num_heads: 2}"))
    try:
        assert of_params(studied) == named("first_token")
    finally:
        file.write_text(before)


def test_dvc_tells_a_report_which_cells_are_not_up_to_date(studied: Path) -> None:
    cells = study().cells("anxiety", ONE["seeds"], study().names)
    file = studied / STUDY_PARAMS
    before = file.read_text()
    assert not_up_to_date(cell.address for cell in cells) == set()
    file.write_text(before.replace("model: {attention: first}", "model: {attention: first, num_heads: 2}"))
    try:
        found = not_up_to_date(cell.address for cell in cells)
    finally:
        file.write_text(before)
    assert found == {cell.address for cell in cells if cell.name == "first_token"}


def test_a_cell_is_given_the_sections_that_its_stage_declares(studied: Path) -> None:
    graph = yaml.safe_load((studied / STUDY_GRAPH).read_text())["stages"]
    params = read_params()
    assert graph["baseline"]["params"] == ["base.threads", "model"]
    assert of_baseline(params) == (params.base, params.model)
    own = {STUDY_PARAMS.as_posix(): ["study.ablations.${item.variant}"]}
    assert graph["ablation"]["params"] == ["base.threads", "model", "ocr", "train", own]
    given = (params.base, params.model, params.ocr, params.train, study().ablations["full"])
    assert of_ablation(params, study(), "full") == given


def test_the_main_graph_and_its_lock_know_nothing_of_it(studied: Path) -> None:
    assert "study" not in (studied / "dvc.lock").read_text()
    assert not any("studies" in step.name for step in steps(studied, tasks=None, variants=None))
    assert yaml.safe_load((ROOT / STUDY_ASKED).read_text()) == {"asked": {"tasks": [], "seeds": []}}
