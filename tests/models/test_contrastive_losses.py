"""The losses against values worked out by hand."""

import math

import pytest
import torch
from torch.testing import assert_close

from symptomeme.models.losses import classification_loss, contrastive_loss, nt_xent

# N = 2 along two axes, temperature 1: a vector's similarity to its partner is 1, to both others 0
PAIRS = torch.eye(2)


def test_standard_nt_xent_leaves_itself_out() -> None:
    # each row's softmax is over partner (e¹) and two others (e⁰)
    expected = -math.log(math.e / (math.e + 2))
    assert nt_xent(PAIRS, PAIRS, temperature=1.0, masking="standard").item() == pytest.approx(expected)


def test_published_nt_xent_keeps_itself_as_similarity_zero() -> None:
    # the same, with one more e⁰ in the denominator
    expected = -math.log(math.e / (math.e + 3))
    assert nt_xent(PAIRS, PAIRS, temperature=1.0, masking="published").item() == pytest.approx(expected)


def test_temperature_sharpens() -> None:
    expected = -math.log(math.exp(2) / (math.exp(2) + 2))
    assert nt_xent(PAIRS, PAIRS, temperature=0.5, masking="standard").item() == pytest.approx(expected)


def test_partner_is_the_same_row_of_the_other_set() -> None:
    right = nt_xent(PAIRS, PAIRS, temperature=0.1, masking="standard")
    swapped = nt_xent(PAIRS, PAIRS.flip(0), temperature=0.1, masking="standard")
    assert swapped > right + 5  # the partner is the least similar instead of the most


def test_one_pair_has_nothing_to_confuse() -> None:
    assert nt_xent(PAIRS[:1], PAIRS[:1], temperature=0.07, masking="standard").item() == 0.0


def test_contrastive_loss_is_the_mean_over_three_pairs() -> None:
    one, two, three = torch.nn.functional.normalize(torch.randn(3, 4, 5), dim=-1)
    pairs = [nt_xent(a, b, temperature=0.2, masking="standard") for a, b in ((one, two), (one, three), (two, three))]
    assert_close(contrastive_loss(one, two, three, temperature=0.2, masking="standard"), sum(pairs) / 3)


def test_classification_losses() -> None:
    logits = torch.tensor([[0.0, math.log(3.0)]])
    single = classification_loss(logits, torch.tensor([1]), problem_type="single_label_classification")
    assert single.item() == pytest.approx(-math.log(0.75))
    multi = classification_loss(logits, torch.tensor([[1, 1]]), problem_type="multi_label_classification")
    assert multi.item() == pytest.approx((-math.log(0.5) - math.log(0.75)) / 2)
