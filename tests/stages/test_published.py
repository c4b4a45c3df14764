"""A published checkpoint goes through its stage, as it is or trained further, and is judged by what it has not seen."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
import yaml
from made_up_memes import write_memes
from published_files import agree, inputs, write_tokenizer
from published_forward import SMALL, PlainModel, weights

from symptomeme.domain.labels import ANXIETY
from symptomeme.domain.layout import TRAINING_PARAMS, VariantPaths, dataset_paths, published_checkpoint, task_paths
from symptomeme.domain.params import Params, check_params
from symptomeme.domain.records import MEME_ROWS, PREDICTION_ROWS, TRAINING_ROWS, read_rows, write_rows
from symptomeme.domain.writing import write_json
from symptomeme.learning.batches import read_memes
from symptomeme.learning.calibration import fit_temperature
from symptomeme.learning.predict import predict
from symptomeme.learning.predictions import examples_of
from symptomeme.models.encoders import load_classifier
from symptomeme.models.processor import SymptomProcessor
from symptomeme.stages import published, register

ROOT = Path(__file__).parents[2]
WEIGHTS = weights(SMALL, seed=9)
PATHS = task_paths("anxiety")


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """A task with memes, a checkpoint and its tokenizer; validation is carved out of what was published as train."""
    monkeypatch.chdir(tmp_path)
    write_memes(ANXIETY, PATHS)
    memes = read_rows(PATHS.valid, MEME_ROWS)
    write_rows(PATHS.valid, memes.assign(origin=memes.origin.replace("val", "train")), MEME_ROWS)
    write_json(dataset_paths("axiom").source, {"kind": "published"})
    found: dict[str, Any] = yaml.safe_load((ROOT / "profiles/sample.yaml").read_text())
    found["evaluate"]["resamples"] = 20
    found["train"] |= {"epochs": 2, "frozen_text_layers": 1}
    found["published"]["variants"]["tuned"] = {"train": True}
    read = check_params(found, where="params.yaml")
    file = published_checkpoint(read.published.checkpoint.folder, "anxiety")
    file.parent.mkdir(parents=True)
    torch.save(WEIGHTS, file)
    write_tokenizer(Path(read.published.checkpoint.tokenizer), vocabulary=SMALL.vocabulary, length=SMALL.positions - 2)
    return read


def make(params: Params, variant: str) -> VariantPaths:
    """What the stage does before it scores."""
    own = (params.published.checkpoint, params.published.variants[variant])
    published.make(ANXIETY, variant, params.base, params.ocr, params.train, *own)
    return PATHS.variant(variant)


def decides_by(out: VariantPaths) -> tuple[float, Any, set[float], float]:
    """Temperature, calibration by class, thresholds, and the confidence below which it abstains."""
    config = load_classifier(out.model).config
    return config.temperature, config.class_calibration, set(config.thresholds.values()), config.abstain_below


def test_as_it_is_it_computes_the_published_model_and_is_scored(params: Params) -> None:
    own = (params.published.checkpoint, params.published.variants["published"])
    published.run(ANXIETY, "published", params.base, params.ocr, params.train, params.evaluate, *own)
    out = PATHS.variant("published")
    model = load_classifier(out.model).eval()
    batch = inputs(SMALL)
    with torch.no_grad():
        agree(model(**batch), PlainModel(WEIGHTS)(**batch))
    assert (model.config.variant, model.config.separator) == ("published", " [SEP] ")
    assert model.config.ocr == params.ocr.model_dump()
    assert decides_by(out) == (1.0, None, {0.0}, 0.0)  # it has seen all memes of validation
    assert pd.read_csv(out.curves).epoch.tolist() == [0]
    told = json.loads((out.model / TRAINING_PARAMS).read_text())
    assert list(told) == ["base", "ocr", "train", "published"]
    assert (told["published"]["train"], told["published"]["fitted_on"]) == (False, 0)
    assert len(told["published"]["sha256"]) == 64
    card = " ".join(out.model_card.read_text().split())
    assert "was trained on the published training memes" in card
    assert "Nothing was fitted" in card
    declared = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["published"]
    place = "artifacts/${item.task}/variants/${item.variant}/"
    names = [str(next(iter(item)) if isinstance(item, dict) else item) for kind in ("outs", "plots", "metrics")
             for item in declared[kind]]  # fmt: skip
    written = {path.relative_to(out.root).as_posix() for path in out.root.rglob("*") if path.is_file()}
    assert {name.removeprefix(place) for name in names} == {
        "model" if name.startswith("model/") else name for name in written
    }
    item = register.candidate(ANXIETY, "published", out)
    assert item.params["published.train"] == "False"
    assert item.curves["val_macro_f1"][0][0] == 0


def test_trained_further_it_starts_from_the_checkpoint(params: Params) -> None:
    out = make(params, "tuned")
    model = load_classifier(out.model)
    assert pd.read_csv(out.curves).epoch.tolist() == [1, 2]
    name = "text_encoder.encoder.layer.{}.output.dense.weight"
    found = {n: (model.state_dict()[name.format(n)] - WEIGHTS[name.format(n)]).abs().max().item() for n in (0, 2)}
    assert found[0] == 0  # frozen
    assert 0 < found[2] < 0.01
    assert model.config.variant == "tuned"


@pytest.mark.parametrize(
    ("new", "fitted_on"),
    [(range(9), 9), (range(5), 5), (range(4), 0), ((), 0)],
    ids=["all", "some of each class", "a class is missing", "none"],
)
def test_what_it_decides_by_is_fitted_on_what_it_has_not_seen(
    params: Params, new: Sequence[int], fitted_on: int
) -> None:
    memes = read_rows(PATHS.valid, MEME_ROWS)
    is_new = memes.key.isin([f"val/{at}" for at in new])
    write_rows(PATHS.valid, memes.assign(origin=memes.origin.mask(is_new, "val")), MEME_ROWS)
    out = make(params, "published")
    assert json.loads((out.model / TRAINING_PARAMS).read_text())["published"]["fitted_on"] == fitted_on
    if not fitted_on:
        assert decides_by(out) == (1.0, None, {0.0}, 0.0)
        return
    memes = read_memes(ANXIETY)
    model, rows = load_classifier(out.model).eval(), memes[memes.split == "val"][:fitted_on]
    examples = examples_of(model, SymptomProcessor.from_pretrained(out.model), rows, ANXIETY)
    fitted = fit_temperature(predict(model, examples).logits, examples.labels, multi_label=False)
    below = params.train.abstain["below"]
    assert decides_by(out) == (pytest.approx(fitted, rel=1e-3), None, {below}, below)


def test_what_was_trained_on_validation_is_not_judged_by_it(params: Params) -> None:
    out = make(params, "published")
    val = [{"key": "val/1", "split": "val", "leaked": False, "labels": [], "predicted": [], "probabilities": [],
            "abstain": True}]  # fmt: skip
    write_rows(out.predictions, val, PREDICTION_ROWS)
    assert set(read_rows(out.training_memes, TRAINING_ROWS).key.str.split("/").str[0]) == {"train", "val"}
    assert register.has_seen_validation(out)
    memes = read_rows(PATHS.valid, MEME_ROWS)
    write_rows(PATHS.valid, memes.assign(origin=memes.split), MEME_ROWS)  # published as validation
    assert not register.has_seen_validation(make(params, "published"))
