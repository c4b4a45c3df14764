"""Cells of the study on tiny encoders: what each leaves, and that the whole model is that of train and evaluate."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from made_up_memes import COUNTS, write_memes

from symptomeme.cli.main import main
from symptomeme.domain.labels import ANXIETY, DEPRESSION, Task
from symptomeme.domain.layout import CellPaths, StatePaths, dataset_paths, task_paths
from symptomeme.domain.params import read_params
from symptomeme.domain.records import MEME_ROWS, PREDICTION_ROWS, REASONING_ROWS, TEXT_ROWS, read_rows, write_rows
from symptomeme.domain.writing import write_json
from symptomeme.learning.batches import indicators
from symptomeme.learning.build import load_processor, variant_model
from symptomeme.models.encoders import load_classifier
from symptomeme.models.ngrams import BUCKETS
from symptomeme.stages import evaluate, prealign, train
from symptomeme.stages.ablation import reasoned

ROOT = Path(__file__).parents[2]
HELD_OUT = sum(COUNTS.values()) - COUNTS["train"]
SEED = 42
WORDS = ("again", "because", "of", "exams", "sleep", "cannot", "i")  # a class each
FEW = {"num_heads": 4, "num_depths": 2, "hidden_size": 32, "contrastive_size": 16, "max_length": 12}


@pytest.fixture(params=[ANXIETY, DEPRESSION], ids=lambda task: task.name)
def task(request: pytest.FixtureRequest) -> Task:
    found: Task = request.param
    return found


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text_folder: Path, vision_folder: Path) -> Path:
    """A project with tiny encoders, the study's files and no memes yet."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "studies", "studies")
    shutil.copytree(text_folder, "data/weights/text")
    shutil.copytree(vision_folder, "data/weights/vision")
    params: dict[str, Any] = yaml.safe_load((ROOT / "profiles/sample.yaml").read_text())
    params["model"] |= FEW
    params["evaluate"]["resamples"] = 20
    for section in ("prealign", "train"):
        params[section] |= {"epochs": 1, "frozen_text_layers": 1}
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    return tmp_path


def make_memes(task: Task) -> None:
    """Memes of a task, whose words tell their labels."""
    paths = task_paths(task.name)
    write_memes(task, paths)
    words = dict(zip(task.labels, WORDS, strict=False))
    labels = read_rows(paths.valid, MEME_ROWS).labels
    texts = read_rows(paths.texts, TEXT_ROWS).assign(text=[f"{words[found[0]]} " * 3 for found in labels])
    write_rows(paths.texts, texts, TEXT_ROWS)
    write_json(dataset_paths(task.dataset).source, {"kind": "sample"})


def told(out: CellPaths) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Predictions and figures of a cell."""
    figures: dict[str, Any] = json.loads(out.figures.read_text())
    return read_rows(out.predictions, PREDICTION_ROWS), figures


def baseline(task: Task, method: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    assert main(["baseline", "--task", task.name, "--method", method]) == 0
    return told(task_paths(task.name).cell(method, None))


def ablation(task: Task, variant: str, seed: int = SEED) -> tuple[pd.DataFrame, dict[str, Any]]:
    assert main(["ablation", "--task", task.name, "--variant", variant, "--seed", str(seed)]) == 0
    return told(task_paths(task.name).cell(variant, seed))


def test_baselines_predict_all_but_train(task: Task) -> None:
    make_memes(task)
    shares = indicators(read_rows(task_paths(task.name).valid, MEME_ROWS).labels.iloc[: COUNTS["train"]], task).mean(0)
    commonest, figures = baseline(task, "commonest")
    assert len(commonest) == HELD_OUT
    assert {tuple(found) for found in commonest.predicted} == {(task.labels[shares.argmax()],)}
    assert np.allclose(np.stack(commonest.probabilities.tolist()), shares)
    assert figures["parameters"] == figures["trained"] == len(task.labels)
    for method in ("tfidf", "frozen_encoder"):
        predictions, figures = baseline(task, method)
        assert predictions.key.tolist() == commonest.key.tolist()
        assert figures["test"]["published"]["memes"] == COUNTS["test"]
        assert figures["test"]["leak_free"]["memes"] == COUNTS["test"] - 1
        if method == "tfidf":  # a word is a class
            seen = [found[0] for found in predictions.labels]
            assert [list(found) for found in predictions.predicted] == [[label] for label in seen]
            assert figures["test"]["published"]["macro_f1"] == 1.0
        else:
            assert figures["parameters"] > figures["trained"] > 0


def test_every_label_is_claimed_where_there_may_be_several() -> None:
    make_memes(DEPRESSION)
    predictions, _ = baseline(DEPRESSION, "every_label")
    assert {tuple(found) for found in predictions.predicted} == {DEPRESSION.labels}
    make_memes(ANXIETY)
    predictions, figures = baseline(ANXIETY, "every_label")
    assert len(predictions) == 0
    assert figures == {"not_measured": "each meme has one label"}


def test_the_whole_model_is_that_of_train_and_evaluate() -> None:
    make_memes(DEPRESSION)
    params, paths = read_params(), task_paths("depression")
    prealign.run(DEPRESSION, params.base, params.model, params.prealign)
    described = params.variants["fusion"]
    separator, seed = load_processor(params.model).separator, params.base.seed
    begun = variant_model(
        *(DEPRESSION, "fusion", described, params.model, params.train, params.ocr),
        aligned=paths.aligned,
        separator=separator,
        seed=seed,
    ).state_dict()
    aligned = load_classifier(paths.aligned).state_dict()
    assert begun.keys() == aligned.keys()
    assert all(torch.equal(begun[name], tensor) for name, tensor in aligned.items())
    train.run(DEPRESSION, "fusion", params.base, params.model, params.ocr, params.train, described)
    evaluate.run(DEPRESSION, "fusion", params.base, params.evaluate)
    whole, figures = ablation(DEPRESSION, "full")
    assert whole.equals(read_rows(paths.variant("fusion").predictions, PREDICTION_ROWS))
    metrics = json.loads(paths.variant("fusion").metrics.read_text())
    for split, views in metrics.items():
        for view, of_all in views.items():
            for name in ("macro_f1", "weighted_f1"):
                assert figures[split][view][name] == of_all[name]["value"]
    other, _ = ablation(DEPRESSION, "full", seed=SEED + 1)
    assert not other.equals(whole)
    smaller, fewer = ablation(DEPRESSION, "no_experts")
    assert fewer["parameters"] < figures["parameters"]
    assert not smaller.equals(whole)


def test_reasoning_stands_behind_the_words_of_the_rows_that_want_it_alone() -> None:
    make_memes(ANXIETY)
    words, figures = ablation(ANXIETY, "text_encoder")
    assert figures["reasoning"] is None
    behind, figures = ablation(ANXIETY, "text_encoder_reasoning")
    assert figures["reasoning"] == "made up"
    assert not behind.equals(words)


def count_ngrams_too() -> None:
    """Let models that read words count n-grams."""
    params: dict[str, Any] = yaml.safe_load(Path("params.yaml").read_text())
    params["train"]["linear_strength"] = 10.0
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))


def test_the_weights_of_ngrams_are_counted_and_rows_of_the_encoder_alone_have_none(task: Task) -> None:
    make_memes(task)
    _, without = ablation(task, "text_only")
    encoder, _ = ablation(task, "text_encoder")
    assert not without["ngrams"]
    count_ngrams_too()
    _, figures = ablation(task, "text_only")
    assert figures["ngrams"]
    classes = len(task.labels)
    assert figures["parameters"] - without["parameters"] == (2 * BUCKETS + 1) * classes
    fitted = figures["trained"] - without["trained"]
    assert 2 * classes <= fitted < BUCKETS  # of the n-grams that the memes of train have
    assert fitted % classes == 0
    still, figures = ablation(task, "text_encoder")
    assert not figures["ngrams"]
    assert still.equals(encoder)


def test_the_row_without_ngrams_is_left_out_where_no_model_has_any() -> None:
    make_memes(ANXIETY)
    predictions, figures = ablation(ANXIETY, "no_ngrams")
    assert len(predictions) == 0
    assert figures == {"not_measured": "train.linear_strength is null, so that there are no n-grams to do without"}
    params = read_params()
    prealign.run(ANXIETY, params.base, params.model, params.prealign)
    before, _ = ablation(ANXIETY, "full")
    count_ngrams_too()
    without, figures = ablation(ANXIETY, "no_ngrams")
    assert not figures["ngrams"]
    assert without.equals(before)
    whole, figures = ablation(ANXIETY, "full")
    assert figures["ngrams"]
    assert not whole.equals(before)


def test_where_the_stage_left_no_reasoning_that_of_the_annotations_is_taken_if_there_is_some() -> None:
    make_memes(ANXIETY)
    paths = task_paths("anxiety")
    none = read_rows(paths.reasoning, REASONING_ROWS).assign(reasoning="", reasoner="none")
    write_rows(paths.reasoning, none, REASONING_ROWS)
    predictions, figures = ablation(ANXIETY, "text_encoder_reasoning")
    assert len(predictions) == 0
    assert figures == {"not_measured": "there is no reasoning on these memes"}
    memes = read_rows(paths.valid, MEME_ROWS).assign(given_reasoning="because of exams")
    write_rows(paths.valid, memes, MEME_ROWS)
    predictions, figures = ablation(ANXIETY, "text_encoder_reasoning")
    assert len(predictions) == HELD_OUT
    assert figures["reasoning"] == "given"


@pytest.mark.parametrize(("mask", "kept"), [(True, "as @user says"), (False, "as @ada says")])
def test_reasoning_of_the_annotations_is_masked_as_in_the_stages(mask: bool, kept: str) -> None:
    memes = pd.DataFrame({"reasoning": [""], "reasoner": ["none"], "given_reasoning": ["as @ada says"]})
    assert reasoned(memes, True, mask_personal=mask).reasoning.tolist() == [kept]


def test_other_reasoning_behind_the_words_trains_again() -> None:
    make_memes(ANXIETY)
    paths = task_paths("anxiety")
    none = read_rows(paths.reasoning, REASONING_ROWS).assign(reasoning="", reasoner="none")
    write_rows(paths.reasoning, none, REASONING_ROWS)
    memes = read_rows(paths.valid, MEME_ROWS).assign(given_reasoning="as @ada says")
    write_rows(paths.valid, memes, MEME_ROWS)
    params = yaml.safe_load(Path("params.yaml").read_text())
    for mask, trained in ((True, 1), (True, 1), (False, 2)):
        params["ocr"]["mask_personal"] = mask
        Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
        ablation(ANXIETY, "text_encoder_reasoning")
        assert len(list(Path(".cache/train").iterdir())) == trained


def test_a_note_tells_how_long_a_cell_took_and_in_how_many_goes() -> None:
    make_memes(ANXIETY)
    note = StatePaths().took("anxiety", "commonest")
    baseline(ANXIETY, "commonest")
    first = json.loads(note.read_text())
    assert first.keys() == {"of", "goes", "seconds", "cpu_seconds"}
    assert first["goes"] == 1
    write_json(note, {"of": None, "goes": 1})  # as a cell that was killed leaves it
    baseline(ANXIETY, "commonest")
    assert json.loads(note.read_text())["goes"] == 2
    assert json.loads(note.read_text())["of"] == first["of"]
    baseline(ANXIETY, "commonest")
    assert json.loads(note.read_text())["goes"] == 1
