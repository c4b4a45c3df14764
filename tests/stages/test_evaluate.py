"""The stage on tiny models, both tasks."""

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_memes import ABSENT, write_memes
from small_models import small_processor

from symptomeme.domain.digests import of_file, of_folder
from symptomeme.domain.labels import ANXIETY, DEPRESSION, Task
from symptomeme.domain.layout import TRAINING_PARAMS, VariantPaths, dataset_paths, error_page, task_paths
from symptomeme.domain.params import Params, read_params
from symptomeme.domain.records import MEME_ROWS, PREDICTION_ROWS, read_rows, write_rows
from symptomeme.domain.writing import write_json
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.stages import evaluate, register

ROOT = Path(__file__).parents[2]
Build = Callable[..., SymptomClassifier]
Factory = pytest.TempPathFactory


@pytest.fixture(scope="module", params=[ANXIETY, DEPRESSION], ids=lambda task: task.name)
def task(request: pytest.FixtureRequest) -> Task:
    found: Task = request.param
    return found


@pytest.fixture(scope="module")
def params() -> Params:
    found = read_params(ROOT / "profiles/sample.yaml")
    return found.model_copy(update={"evaluate": found.evaluate.model_copy(update={"resamples": 30})})


@pytest.fixture(scope="module")
def project(
    task: Task, params: Params, build: Build, text_folder: Path, vision_folder: Path, tmp_path_factory: Factory
) -> Path:
    """A task with memes and an untrained model."""
    root = tmp_path_factory.mktemp(task.name)
    with contextlib.chdir(root):
        shutil.copy(ROOT / "profiles/sample.yaml", "params.yaml")
        paths = task_paths(task.name)
        write_memes(task, paths)
        write_json(dataset_paths(task.dataset).source, {"kind": "sample"})
        labels = dict(enumerate(task.labels))
        settings = {"text_encoder": text_folder, "vision_encoder": vision_folder}
        model = build(**settings, task=task.name, id2label=labels, problem_type=task.problem_type, variant="fusion")
        folder = paths.variant("fusion").model
        model.save_pretrained(folder)
        small_processor(text_folder, vision_folder, separator=None).save_pretrained(folder)
        sections = ("base", "model", "ocr", "train", "prealign")
        write_json(folder / TRAINING_PARAMS, {name: getattr(params, name).model_dump() for name in sections})
    return root


@pytest.fixture(scope="module")
def project_with_figures(project: Path, task: Task, params: Params, tmp_path_factory: Factory) -> Path:
    """A copy of it in which the stage has run."""
    root = shutil.copytree(project, tmp_path_factory.mktemp("figures") / "project")
    with contextlib.chdir(root):
        run(task, params)
    return root


@pytest.fixture
def out(project: Path, task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VariantPaths:
    """The variant in a copy of `project`, the current folder."""
    shutil.copytree(project, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return task_paths(task.name).variant("fusion")


@pytest.fixture
def evaluated(project_with_figures: Path, task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VariantPaths:
    """The variant in a copy of `project_with_figures`, the current folder."""
    shutil.copytree(project_with_figures, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return task_paths(task.name).variant("fusion")


def run(task: Task, params: Params) -> None:
    evaluate.run(task, "fusion", params.base, params.evaluate)


def written(out: VariantPaths) -> dict[str, str]:
    return {str(path): of_file(path) for path in sorted(out.root.rglob("*")) if path.is_file()}


def test_the_same_input_leaves_the_same_bytes(
    task: Task, params: Params, project: Path, evaluated: VariantPaths
) -> None:
    before = written(evaluated)
    page = error_page(task.name, "fusion").read_bytes()
    run(task, params)
    assert written(evaluated) == before
    assert error_page(task.name, "fusion").read_bytes() == page
    assert of_folder(evaluated.model) == of_folder(project / evaluated.model)
    for path in before:
        assert str(Path.cwd()).encode() not in Path(path).read_bytes(), path


def test_every_output_of_the_graph_is_written_and_nothing_else(project: Path, evaluated: VariantPaths) -> None:
    new = [Path(path) for path in written(evaluated) if not (project / path).exists()]
    found = {path.relative_to(evaluated.root).as_posix() for path in new}
    declared = (ROOT / "dvc.yaml").read_text().split("\n  evaluate:\n")[1].split("\n  register:\n")[0]
    place = "artifacts/${item.task}/variants/${item.variant}/"
    outputs = {
        line.split(place)[1].split(": ")[0] for line in declared.split("    outs:")[1].splitlines() if place in line
    }
    assert found == outputs


def test_figures_of_every_split_and_view(task: Task, evaluated: VariantPaths) -> None:
    metrics, per_class = (json.loads(path.read_text()) for path in (evaluated.metrics, evaluated.per_class))
    memes = {(split, view): found["memes"] for split, views in metrics.items() for view, found in views.items()}
    assert memes == {
        ("val", "published"): 9,
        ("val", "leak_free"): 8,
        ("test", "published"): 20,
        ("test", "leak_free"): 19,  # the twin of test/1 was put aside: the model has not seen it
        ("extra", "published"): 1,
        ("extra", "leak_free"): 1,
    }
    assert metrics["extra"]["published"]["macro_auroc"]["value"] is None
    absent = per_class["test"]["published"][task.labels[ABSENT]]
    assert (absent["memes"], absent["recall"]["value"], absent["recall"]["undefined"]) == (0, None, 30)
    assert list(per_class["val"]["leak_free"]) == list(task.labels)
    assert metrics["test"]["published"]["classwise_ece"]["value"] >= 0
    assert set(pd.read_csv(evaluated.robustness).memes) == {19}  # of test, leak-free
    assert set(pd.read_csv(evaluated.slices).groupby("by").memes.sum()) == {19}


@pytest.mark.parametrize("task", [DEPRESSION], indirect=True)
def test_no_more_memes_are_made_harder_than_asked_for(task: Task, params: Params, out: VariantPaths) -> None:
    few = params.evaluate.robustness.model_copy(update={"memes": 5})
    for wanted, memes in ((few, {5}), (None, {19})):
        run(task, params.model_copy(update={"evaluate": params.evaluate.model_copy(update={"robustness": wanted})}))
        harder = pd.read_csv(out.robustness)
        assert set(harder.memes) == memes
        assert (harder.perturbation.tolist() == ["untouched"]) == (wanted is None)
        assert ("### Harder memes" in out.model_card.read_text()) == (wanted is not None)


@pytest.mark.parametrize("task", [DEPRESSION], indirect=True)
def test_without_test_memes_the_rest_is_scored(task: Task, params: Params, out: VariantPaths) -> None:
    file = task_paths(task.name).valid
    memes = read_rows(file, MEME_ROWS)
    write_rows(file, memes[memes.split != "test"], MEME_ROWS)
    run(task, params)
    assert list(json.loads(out.metrics.read_text())) == ["val", "extra"]
    for file in (out.robustness, out.slices):
        assert len(pd.read_csv(file)) == 0
    assert "### Harder memes" not in out.model_card.read_text()


def test_predictions_stand_beside_what_is_true(task: Task, evaluated: VariantPaths) -> None:
    rows = read_rows(evaluated.predictions, PREDICTION_ROWS)
    assert rows.split.value_counts().to_dict() == {"test": 20, "val": 9, "extra": 1}
    assert rows.key[rows.leaked].tolist() == ["val/0", "test/0"]
    if not task.multi_label:
        assert [task.labels[np.argmax(row)] for row in rows.probabilities] == [row[0] for row in rows.predicted]


@pytest.mark.usefixtures("evaluated")
def test_the_page_shows_every_held_out_meme_and_is_no_output(task: Task) -> None:
    page = error_page(task.name, "fusion")
    assert page.as_posix() == f"reports/{task.name}/fusion/errors.html"
    told = page.read_text()
    assert told.count("<article") == 30
    assert "i cannot &lt;sleep&gt;" in told
    picture = Path(f"data/{task.dataset}/test/images/3.png")
    assert f'src="../../../{picture.as_posix()}"' in told
    assert (page.parent / "../../.." / picture).resolve().is_file()


def test_the_card_tells_the_models_digest(task: Task, evaluated: VariantPaths) -> None:
    told = evaluated.model_card.read_text()
    assert of_folder(evaluated.model) in told
    assert of_file(task_paths(task.name).valid) in told
    assert "the drawn sample" in told


def test_an_undefined_figure_is_not_registered(task: Task, evaluated: VariantPaths) -> None:
    pd.DataFrame({"epoch": [1], "val_macro_f1": [0.5]}).to_csv(evaluated.curves, index=False)
    found = register.candidate(task, "fusion", evaluated).metrics
    assert "extra.published.macro_auroc.value" not in found
    assert found["val.published.macro_f1.value"] >= 0


def test_what_a_variant_left_that_was_taken_back_goes_before_dvc_hashes_the_folder(
    task: Task, params: Params, out: VariantPaths
) -> None:
    left = task_paths(task.name).variant("image_only")
    write_json(left.metrics, {})
    register.take_back(task_paths(task.name).variants, list(params.variants))
    assert (left.root.exists(), out.model.is_dir()) == (False, True)


def test_another_seed_draws_other_intervals_around_the_same_figures(
    task: Task, params: Params, evaluated: VariantPaths
) -> None:
    first = json.loads(evaluated.metrics.read_text())["test"]["published"]["nll"]
    run(task, params.model_copy(update={"base": params.base.model_copy(update={"seed": 7})}))
    second = json.loads(evaluated.metrics.read_text())["test"]["published"]["nll"]
    assert first["value"] == second["value"]
    assert first != second
