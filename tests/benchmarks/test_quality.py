"""The search for better classifiers: no test meme and no duplicate reaches what is scored."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
import quality
import quality_cells
import quality_held_out
import quality_losses
import quality_rates
import quality_training
import quality_words
import torch
import yaml
from quality_decisions import best_weights, cells, stacked
from quality_ideas import IDEAS, shares
from quality_losses import asymmetric, weighed, with_likes_drawn_together, with_rare_classes_raised
from quality_rules import expected
from quality_texts import FOLDS, read_texts, searched
from quality_training import Idea
from small_project import ROOT
from transformers import AutoTokenizer

from symptomeme.domain.digests import of_value
from symptomeme.domain.labels import ANXIETY
from symptomeme.domain.params import Params, check_params
from symptomeme.learning.batches import Encoded
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.encoders import load_encoder

RNG = np.random.default_rng(0)
TRUTH = np.eye(3, dtype=bool)[RNG.integers(0, 3, 240)]
GUESSED = 2.0 * TRUTH + RNG.normal(size=TRUTH.shape)
NOISE = RNG.normal(size=TRUTH.shape)
FOLD = np.arange(240) % 3


@pytest.fixture
def annotations(tmp_path: Path) -> Path:
    """240 memes of which every third says what another one says, in other letters."""
    rows = [
        {
            "sample_id": f"TR-{number}",
            "ocr_text": f"words of number {number - number % 3 // 2}{'!' * (number % 3)}",
            "meme_anxiety_category": ANXIETY.labels[number // 3 % 6],
        }
        for number in range(240)
    ]
    file = tmp_path / "anxiety_train.json"
    file.write_text(json.dumps(rows))
    return file


def test_duplicates_stay_together_and_test_is_not_searched(annotations: Path) -> None:
    memes = read_texts(ANXIETY, [annotations])
    found = searched(memes, 100)
    assert memes.groupby("cluster").split.nunique().max() == 1
    assert found.groupby("cluster").fold.nunique().max() == 1
    assert (memes.cluster.value_counts() == 2).sum() == 80
    test = memes[memes.split == "test"]
    assert len(test) == pytest.approx(48, abs=4)
    assert not set(found.key) & set(test.key)
    assert (len(found), found.fold.nunique()) == (pytest.approx(100, abs=4), FOLDS)


def test_a_decision_does_not_see_the_fold_it_decides() -> None:
    before = cells(GUESSED, TRUTH, FOLD, multi_label=False)
    swapped = np.where((FOLD == 1)[:, None], TRUTH[:, [1, 2, 0]], TRUTH)
    after = cells(GUESSED, swapped, FOLD, multi_label=False)
    for name, cell in before.items():
        assert np.array_equal(cell.claimed[FOLD == 1], after[name].claimed[FOLD == 1])
    turned = GUESSED[:, [1, 2, 0]]  # right where the truth is swapped; elsewhere the two are as good as each other
    several = {
        (1.0, None): np.where((FOLD == 2)[:, None], NOISE, GUESSED),
        (2.0, None): np.select([(FOLD == 0)[:, None], (FOLD == 1)[:, None]], [NOISE, turned], GUESSED),
    }
    for members in ([GUESSED, NOISE], [several, NOISE]):
        summed, other = (stacked(members, truth, FOLD, multi_label=False) for truth in (TRUTH, swapped))
        assert np.array_equal(summed[FOLD == 1], other[FOLD == 1])


def test_noise_gets_no_weight() -> None:
    weights = best_weights([GUESSED, NOISE], TRUTH, multi_label=False)
    assert weights[1] < 0.2 * weights[0]


def test_the_expected_threshold_is_that_of_right_probabilities() -> None:
    scores = RNG.random((20_000, 1))
    truth = RNG.random((20_000, 1)) < scores
    chosen = expected(scores, truth)(scores)
    reached = [2 * (truth & claimed).sum() / (truth.sum() + claimed.sum()) for claimed in (chosen, scores > 0.25)]
    assert reached[0] > reached[1]
    assert scores[chosen].min() == pytest.approx(0.382, abs=0.02)  # (3 - 5**0.5) / 2


def test_duplicates_weigh_as_much_as_one() -> None:
    memes = pd.DataFrame({"cluster": [7, 7, 5, 7, 6], "labels": [["a"], ["b"], ["a"], ["b"], ["c"]]})
    assert shares(memes).tolist() == pytest.approx([1 / 3, 1 / 3, 1, 1 / 3, 1])


def saying(logits: torch.Tensor) -> Any:
    """A network that says this, whatever it reads."""
    return lambda **_: SimpleNamespace(logits=logits)


@pytest.mark.parametrize("labels", [torch.tensor([0, 1]), torch.tensor([[1.0, 0], [0, 1]])])
def test_a_meme_without_weight_does_not_count(labels: torch.Tensor) -> None:
    right_and_wrong, wrong_twice = torch.tensor([[9.0, -9], [9, -9]]), torch.tensor([[-9.0, 9], [9, -9]])
    batch = {"labels": labels, "weights": torch.tensor([1.0, 0])}
    assert float(weighed(saying(right_and_wrong), batch)) == pytest.approx(0, abs=1e-3)
    assert float(weighed(saying(wrong_twice), batch)) > 1


def test_a_rare_class_counts_more() -> None:
    labels = np.eye(2, dtype=bool)[[0, 0, 0, 1]]
    examples = Encoded(input_ids=None, pictures=None, labels=labels, multi_label=False, processor=Mock())
    loss = with_rare_classes_raised(examples)
    sides = torch.tensor([[2.0, -2], [2, -2]]), torch.tensor([[-2.0, 2], [-2, 2]])
    common, rare = (float(loss(saying(logits), {"labels": torch.tensor([0, 1])})) for logits in sides)
    assert rare < common  # right in the rare class, wrong in the common one


def test_what_is_surely_absent_hardly_counts() -> None:
    def gradient(logit: float) -> float:
        logits = torch.tensor([[logit]], requires_grad=True)
        asymmetric(saying(logits), {"labels": torch.zeros(1, 1)}).backward()
        return float(logits.grad)  # type: ignore[arg-type]

    assert gradient(-4.0) == 0 < gradient(-1.0) < 0.1 * gradient(1.0)
    logits = torch.zeros(1, 1)
    assert float(asymmetric(saying(logits), {"labels": torch.ones(1, 1)})) == pytest.approx(np.log(2), abs=1e-6)


@pytest.mark.parametrize("labels", [torch.tensor([0, 0, 1]), torch.tensor([[1.0, 0], [1, 0], [0, 1]])])
def test_memes_with_the_same_labels_are_drawn_together(labels: torch.Tensor) -> None:
    def loss(*places: list[float]) -> float:
        embedding = torch.nn.functional.normalize(torch.tensor(places), dim=1)
        output = SimpleNamespace(loss=torch.tensor(1.0), logits=torch.zeros(3, 2), fused_embedding=embedding)
        return float(with_likes_drawn_together(lambda **_: output, {"labels": labels}))

    apart = loss([1, 0], [0, 1], [0.9, 0.1])
    together = loss([1, 0], [0.9, 0.1], [0, 1])
    assert 1 < together < apart


@pytest.fixture
def params(text_folder: Path, vision_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """Profile `real` with tiny encoders, and nothing kept yet."""
    for module in (quality_cells, quality_held_out):
        monkeypatch.setattr(module, "KEPT", tmp_path)
    found = yaml.safe_load((ROOT / "profiles/real.yaml").read_text())
    found["model"] |= {
        "text_encoder": str(text_folder),
        "vision_encoder": str(vision_folder),
        "num_heads": 2,
        "max_length": 40,
    }
    found["train"] |= {"frozen_text_layers": 0, "epochs": 1}
    return check_params(found, where="profile")


def test_test_memes_are_scored_with_and_without_near_texts(params: Params) -> None:
    labels = [ANXIETY.labels[place % 3] for place in range(90)]
    texts = [f"{label} {of_value(place)}" for place, label in enumerate(labels)]  # nothing alike but the label
    texts[88] = texts[1] + "!"
    memes = pd.DataFrame(
        {
            "key": [f"train/{place}" for place in range(90)],
            "text": texts,
            "labels": [[label] for label in labels],
            "split": ["train"] * 60 + ["val"] * 15 + ["test"] * 15,
        }
    )
    header, *rows = quality_held_out.held_out_rows(memes, ANXIETY, params, [1, 2])
    assert len(header) == 4
    assert {row[0].split(":")[0] for row in rows} == {"15 memes", "14 with no near text"}
    assert {row[0].split(": ")[1] for row in rows} >= {"real, text only", "real, text only - linear, most probable"}
    assert all(len(row[2].split()) == 2 for row in rows if "real" in row[0])


def test_texts_without_words_are_near_to_none() -> None:
    found = quality_held_out.near(["", "?!", "No sleep!", "all is well"], ["", "no sleep"], at_least=0.85)
    assert found.tolist() == [False, False, True, False]


MEMES = pd.DataFrame(
    {
        "key": [f"train/{place}" for place in range(12)],
        "text": ["i cannot sleep", "again because of exams"] * 6,
        "labels": [["Restlessness"], ["Nervousness"], ["Nervousness"], ["Nervousness"]] * 3,
        "cluster": [0, 0, 0, 0, *range(4, 12)],
        "fold": [0, 1, 2] * 4,
        "reasoning": "a cause",
    }
)
OTHERS = pd.DataFrame({"key": ["a", "b"], "text": ["again", "exams"], "labels": [["Low Self-Esteem"], []]})


def test_words_are_guessed_before(text_folder: Path, tmp_path: Path) -> None:
    start = str(shutil.copytree(text_folder, tmp_path / "encoder"))
    tokenizer = AutoTokenizer.from_pretrained(start)
    tokenizer.mask_token = "[UNK]"  # this small one has none
    tokenizer.save_pretrained(start)
    with quality_words.words_guessed(MEMES.text.tolist(), start, max_length=12, seed=1) as folder:
        before, after = (load_encoder(place, "text").state_dict() for place in (start, folder))
        assert AutoTokenizer.from_pretrained(folder)("sleep").input_ids == tokenizer("sleep").input_ids
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[name], after[name]) for name in before)
    assert not Path(folder).exists()


@pytest.mark.parametrize("frozen", [0, 1])
def test_an_idea_changes_what_is_learned(frozen: int, params: Params) -> None:
    train = quality_training.changed(params.train, {"frozen_text_layers": frozen})
    with_frozen = params.model_copy(update={"train": train})
    names = ["baseline", "duplicates as one", "rare classes raised", "the other task beside"]
    ideas = {**{name: IDEAS[name] for name in names}, "lower layers slower": Idea(layer_decay=0.1)}
    found = [
        quality_cells.neural(MEMES, ANXIETY, with_frozen, name, idea, others=OTHERS, seed=1)
        for name, idea in ideas.items()
    ]
    assert np.isfinite(found).all()
    for other in found[1:]:
        assert np.abs(found[0] - other).max(axis=1).min() > 1e-4


def test_the_other_task_teaches_the_same_encoder(build: Callable[..., SymptomClassifier]) -> None:
    first, second = build(vision_encoder=None), build(vision_encoder=None)
    processor = Mock(pad=lambda ids: {"input_ids": torch.tensor(ids), "attention_mask": torch.ones(len(ids), 3)})
    ids, labels = [[2, 4, 3], [2, 5, 3]], np.eye(6, dtype=bool)[:2]
    examples = Encoded(input_ids=ids, pictures=None, labels=labels, multi_label=False, processor=processor)
    both = quality_losses.beside(first, lambda *_: torch.zeros(()), second, examples, batch_size=2)
    both(first, {}).backward()
    learning = {name.split(".")[0] for name, found in first.named_parameters() if found.grad is not None}
    assert learning == {"text_encoder", "other"}  # not the first one's head


def test_lower_layers_learn_more_slowly(build: Callable[..., SymptomClassifier], params: Params) -> None:
    model = build(vision_encoder=None)
    groups = quality_rates.layer_groups(model, params.train, 0.5)
    rates = {name: group["lr"] for (name, _), group in zip(model.named_parameters(), groups, strict=True)}
    top = params.train.text_learning_rate
    layers = [rates[f"text_encoder.encoder.layer.{layer}.output.dense.weight"] for layer in range(3)]
    assert layers == pytest.approx([top / 4, top / 2, top])
    assert rates["text_encoder.embeddings.word_embeddings.weight"] == pytest.approx(top / 8)
    assert rates["classifier.0.weight"] == params.train.head_learning_rate


def test_the_other_task_is_learned_from_its_own_memes() -> None:
    name = "the other task beside"
    told = f"{name}: no memes of the other task. Give annotations of them as --others FILE."
    assert quality.lacks(name, MEMES, None) == told
    assert quality.lacks(name, MEMES, OTHERS) is None


def test_reasoning_is_tried_where_all_memes_have_it() -> None:
    name, memes = "reasoning behind the words", pd.DataFrame({"reasoning": ["a cause", ""]})
    assert "1 of 2 memes have no reasoning" in str(quality.lacks(name, memes, None))
    assert quality.lacks(name, memes[:1], None) is None
    assert quality.lacks("baseline", memes, None) is None


def test_values_of_the_profile_can_be_set() -> None:
    params = quality._params(["train.epochs=3", "model.text_encoder=private/other"])
    assert (params.train.epochs, params.model.text_encoder) == (3, "private/other")


@pytest.mark.parametrize("change", ["train.epochs", "epochs=3", "training.epochs=3"])
def test_what_is_set_is_of_the_profile(change: str) -> None:
    with pytest.raises(SystemExit, match=f"--set {change}: expected SECTION.KEY=VALUE of profile real"):
        quality._params([change])
