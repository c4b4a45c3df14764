"""Laws of attributions on tiny models, and values that are worked out by hand on a linear one."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.special import logit
from small_models import write_model

from symptomeme.domain.labels import TASKS
from symptomeme.explaining import attributions as module
from symptomeme.explaining import ways
from symptomeme.explaining.attributions import Meme, attributions, prepared
from symptomeme.explaining.explainer import Explainer
from symptomeme.models.decision import Calibration
from symptomeme.models.encoders import load_classifier
from symptomeme.models.ngrams import NgramClassifier
from symptomeme.models.processor import SymptomProcessor

TEXT = "i cannot sleep again because of exams"
PICTURE = Image.fromarray(np.random.default_rng(5).integers(128, 256, (40, 60, 3), dtype=np.uint8))


@pytest.fixture(scope="module", params=["anxiety", "depression"])
def folder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path
) -> Path:
    place = tmp_path_factory.mktemp("explained")
    labels = TASKS[request.param].labels
    by_class = {label: [1 + place_of / 10, place_of / 5] for place_of, label in enumerate(labels)}
    settings = {"temperature": 1.7, "class_calibration": by_class, "attention": "all"}
    return write_model(place, text_folder, vision_folder, task=request.param, **settings)


@pytest.mark.parametrize("on", [{}, {"image": False}, {"text": False}], ids=["fusion", "text_only", "image_only"])
def test_what_moved_a_label_adds_up_to_the_whole_way(folder: Path, on: dict[str, bool]) -> None:
    model, processor = load_classifier(folder, **on).eval(), SymptomProcessor.from_pretrained(folder)
    meme = prepared(model, processor, PICTURE, TEXT)
    found = attributions(model, meme, 1)
    inputs = processor(text=[TEXT] if model.config.text else None, images=[PICTURE] if model.config.image else None)
    with torch.no_grad():
        probability = model.probabilities(model(**inputs).logits)[0, 1].item()
    assert found.log_odds == pytest.approx(logit(probability), abs=1e-4)
    assert abs(found.delta) < 1e-3
    assert abs(found.log_odds - found.baseline_log_odds) > 0.01
    parts = [part for part in (found.tokens, found.pixels) if part is not None]
    assert sum(part.sum() for part in parts) == pytest.approx(
        found.log_odds - found.baseline_log_odds + found.delta, abs=1e-5
    )
    assert (found.tokens is not None, found.pixels is not None) == (model.config.text, model.config.image)
    if found.tokens is not None:
        assert [bool(score) for score in found.tokens] == [start < end for start, end in meme.spans]
    again = attributions(model, prepared(model, processor, PICTURE, TEXT), 1)
    assert all(
        np.array_equal(one, other)
        for one, other in zip(parts, (again.tokens, again.pixels), strict=False)
        if other is not None
    )


def test_a_picture_comes_from_black_and_from_white(folder: Path) -> None:
    model, processor = load_classifier(folder).eval(), SymptomProcessor.from_pretrained(folder)
    meme = prepared(model, processor, PICTURE, TEXT)
    black, white = (plain["pixel_values"] for plain in meme.baselines)
    given = meme.inputs["pixel_values"]
    assert black.shape == white.shape == given.shape
    assert (black <= given + 1e-5).all() and (given <= white + 1e-5).all()
    assert black.std((2, 3)).max() < 1e-6 and white.std((2, 3)).max() < 1e-6
    one, other = (attributions(model, meme._replace(baselines=[plain]), 0) for plain in meme.baselines)
    both = attributions(model, meme, 0)
    assert both.pixels == pytest.approx((one.pixels + other.pixels) / 2)  # type: ignore[operator]
    assert both.baseline_log_odds == pytest.approx((one.baseline_log_odds + other.baseline_log_odds) / 2)
    assert len(prepared(load_classifier(folder, image=False).eval(), processor, PICTURE, TEXT).baselines) == 1


def test_words_have_a_share_in_what_ngrams_add(folder: Path) -> None:
    model, processor = load_classifier(folder).eval(), SymptomProcessor.from_pretrained(folder)
    model.config.ngrams, processor.ngrams = True, True
    model.ngram_classifier = part = NgramClassifier(num_labels=model.config.num_labels)
    part.idf, part.bias = torch.ones_like(part.idf), torch.ones_like(part.bias)
    part.weight = torch.randn(part.weight.shape, generator=torch.Generator().manual_seed(5))
    long = f"{TEXT} {TEXT} and more"  # more than the tokens that are read
    meme = prepared(model, processor, PICTURE, long)
    found = attributions(model, meme, 1)
    assert found.tokens is not None and found.ngrams is not None and found.pixels is not None
    with torch.no_grad():
        probability = model.probabilities(model(**processor(text=[long], images=[PICTURE])).logits)[0, 1].item()
    assert found.log_odds == pytest.approx(logit(probability), abs=1e-4)
    assert abs(found.delta) < 1e-3
    (told,) = Explainer(model, processor).explain(PICTURE, long, [list(model.config.label2id)[1]])
    ways = found.tokens.sum() + found.ngrams.sum()
    assert sum(word.score or 0 for word in told.words) == pytest.approx(ways, abs=1e-4)
    assert told.words[-1].score  # none of its tokens was read, its n-grams were


def test_how_many_points_are_taken_at_once_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, processor = load_classifier(folder).eval(), SymptomProcessor.from_pretrained(folder)
    meme = prepared(model, processor, PICTURE, TEXT)
    together = attributions(model, meme, 0)
    monkeypatch.setattr(ways, "AT_ONCE", 1)
    alone = attributions(model, meme, 0)
    assert together.tokens is not None and together.pixels is not None
    np.testing.assert_allclose(alone.tokens, together.tokens, atol=1e-5)  # type: ignore[arg-type]
    np.testing.assert_allclose(alone.pixels, together.pixels, atol=1e-6)  # type: ignore[arg-type]


def test_of_a_linear_model_each_part_has_its_weight_times_its_distance_from_the_baseline() -> None:
    weights = torch.tensor([[1.0, -2.0], [0.5, 4.0]])  # (S, S)

    def linear(inputs_embeds: Any, pixel_values: Any, attention_mask: Any) -> Any:
        assert attention_mask.all()
        score = 3 * inputs_embeds.sum((1, 2)) + (pixel_values.sum(1) * weights).sum((1, 2))
        return SimpleNamespace(logits=torch.stack([torch.zeros_like(score), score], 1))

    linear.config = SimpleNamespace(problem_type="multi_label_classification", calibration=Calibration(2.0))  # type: ignore[attr-defined]
    embeds, pixels = torch.tensor([[[1.0, 2.0], [0.0, 1.0]]]), torch.ones(1, 3, 2, 2)
    meme = Meme(
        {"inputs_embeds": embeds, "pixel_values": pixels},
        [{"inputs_embeds": embeds - 1, "pixel_values": pixels * away} for away in (0, 1)],
        [(0, 1), (1, 2)],
        [],
    )
    found = attributions(linear, meme, 1)  # type: ignore[arg-type]
    assert found.tokens is not None and found.pixels is not None
    assert found.tokens.tolist() == pytest.approx([3, 3])  # two numbers a token, each moved by 1, half of 3 each
    assert found.pixels.tolist() == [
        pytest.approx(row) for row in (weights * 0.75).tolist()
    ]  # 3 colours, 0.5 on the mean of both ways, halved
    assert (found.log_odds, found.delta) == pytest.approx((3 * 4 / 2 + 3 * 3.5 / 2, 0), abs=1e-5)


@pytest.mark.parametrize(
    ("steepness", "steps", "exact"),
    [
        pytest.param(2.0, 16, True, id="even"),
        pytest.param(80.0, 4 * 16, True, id="steep"),
        pytest.param(1e6, 12 * 16, False, id="a cliff"),
    ],
)
def test_there_are_more_points_where_the_way_is_steep(steepness: float, steps: int, exact: bool) -> None:
    def step(pixel_values: Any) -> Any:
        rise = torch.tanh(steepness * (pixel_values.mean((1, 2, 3)) - 0.37))
        return SimpleNamespace(logits=torch.stack([torch.zeros_like(rise), rise], 1))

    step.config = SimpleNamespace(problem_type="multi_label_classification", calibration=Calibration())  # type: ignore[attr-defined]
    pixels = torch.ones(1, 3, 2, 2)
    found = attributions(step, Meme({"pixel_values": pixels}, [{"pixel_values": pixels * 0}], [], []), 1)  # type: ignore[arg-type]
    assert found.steps == steps
    assert (abs(found.delta) <= module.CLOSE * (found.log_odds - found.baseline_log_odds)) == exact


def test_many_steep_places_miss_no_more_all_together() -> None:
    def stairs(pixel_values: Any) -> Any:
        rise = sum(torch.tanh(60 * (pixel_values.mean((1, 2, 3)) - at / 4)) for at in (1, 2, 3)) / 6
        return SimpleNamespace(logits=torch.stack([torch.zeros_like(rise), rise], 1))

    stairs.config = SimpleNamespace(problem_type="multi_label_classification", calibration=Calibration())  # type: ignore[attr-defined]
    pixels = torch.ones(1, 3, 2, 2)
    found = attributions(stairs, Meme({"pixel_values": pixels}, [{"pixel_values": pixels * 0}], [], []), 1)  # type: ignore[arg-type]
    assert abs(found.delta) <= module.CLOSE
    assert 16 < found.steps < 12 * 16


def test_of_one_class_among_several_the_odds_against_all_others_count() -> None:
    def constant(pixel_values: Any) -> Any:
        return SimpleNamespace(logits=pixel_values[:, 0, 0, :])

    constant.config = SimpleNamespace(problem_type="single_label_classification", calibration=Calibration())  # type: ignore[attr-defined]
    pixels = torch.log(torch.tensor([2.0, 3.0, 5.0])).expand(1, 1, 3, 3)
    found = attributions(constant, Meme({"pixel_values": pixels}, [{"pixel_values": pixels * 0}], [], []), 2)  # type: ignore[arg-type]
    assert found.log_odds == pytest.approx(0)  # 5 to 2 + 3
    assert found.baseline_log_odds == pytest.approx(np.log(0.5))  # 1 to 1 + 1
    assert found.tokens is None
