"""The classifier against the published model written a second time, in plain tensor arithmetic."""

import math
from collections.abc import Callable

import pytest
import torch
from published_forward import Answer, PlainModel
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.testing import assert_close

from symptomeme.models.classifier import SymptomClassifier


def published_nt_xent(one: Tensor, other: Tensor) -> float:
    """One vector after the other; the similarity to itself counts as 0."""
    vectors, count = [*one, *other], len(one)
    total = 0.0
    for i, vector in enumerate(vectors):
        scores = [0.0 if i == j else float(vector @ found) / 0.07 for j, found in enumerate(vectors)]
        total += math.log(sum(map(math.exp, scores))) - scores[(i + count) % (2 * count)]
    return total / len(vectors)


def plain_answer(
    model: SymptomClassifier, attention: str, input_ids: Tensor, attention_mask: Tensor, pixel_values: Tensor
) -> Answer:
    """The plain model above the encoders of this one."""
    plain = PlainModel(model.state_dict(), attention=attention)
    text = model.text_encoder(input_ids, attention_mask=attention_mask, output_hidden_states=True)
    image = model.vision_encoder(pixel_values, output_hidden_states=True)
    pooled = plain.norm(image.last_hidden_state[:, 0].double(), "vision_encoder.post_layernorm")
    return plain.head(text.hidden_states, attention_mask, image.hidden_states, pooled)


@pytest.mark.parametrize("attention", ["first", "all"])
def test_classifier_computes_the_published_model(
    attention: str, build: Callable[..., SymptomClassifier], batch: dict[str, Tensor]
) -> None:
    model = build(attention=attention, contrastive_masking="published")
    labels = torch.tensor([2, 0, 1])
    with torch.no_grad():
        found = model(**batch, labels=labels)
        logits, fused, text, image = plain_answer(model, attention, **batch)
    for name, expected in (("fused", fused), ("text", text), ("image", image)):
        assert_close(found[f"{name}_embedding"].double(), expected, atol=1e-5, rtol=1e-5)
    assert_close(found.logits.double(), logits, atol=1e-5, rtol=1e-5)
    contrastive = sum(published_nt_xent(a, b) for a, b in ((fused, text), (fused, image), (text, image))) / 3
    assert found.contrastive_loss.item() == pytest.approx(contrastive, abs=1e-4)
    expected = 0.7 * cross_entropy(logits, labels).item() + 0.3 * contrastive
    assert found.loss.item() == pytest.approx(expected, abs=1e-4)
