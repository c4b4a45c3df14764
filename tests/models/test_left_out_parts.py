"""The model without cross-attention, and without experts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import pad
from torch.testing import assert_close

from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.encoders import load_classifier

Build = Callable[..., SymptomClassifier]
Batch = dict[str, Tensor]

CONCATENATION = {"fusion": "concatenation"}
NO_EXPERTS = {"num_experts": 0}
LEFT_OUT = pytest.mark.parametrize(
    "less",
    [CONCATENATION, NO_EXPERTS, CONCATENATION | NO_EXPERTS | {"vision_encoder": None}],
    ids=["concatenation", "no_experts", "text_encoder"],
)


@LEFT_OUT
@pytest.mark.parametrize("attention", ["first", "all"])
@torch.no_grad()
def test_padding_and_order_are_invisible(attention: str, less: dict[str, Any], build: Build, batch: Batch) -> None:
    model = build(attention=attention, **less)
    before = model(**batch).logits
    padded = {name: pad(batch[name], (0, 5)) for name in ("input_ids", "attention_mask")}
    assert_close(model(**{**batch, **padded}).logits, before, atol=1e-6, rtol=0)
    turned = {name: values.flip(0) for name, values in batch.items()}
    assert_close(model(**turned).logits, before.flip(0), atol=1e-6, rtol=0)


@LEFT_OUT
@torch.no_grad()
def test_a_folder_gives_back_the_same_model(less: dict[str, Any], build: Build, batch: Batch, tmp_path: Path) -> None:
    model = build(**less)
    model.save_pretrained(tmp_path)
    again = load_classifier(tmp_path).eval()
    assert set(again.state_dict()) == set(model.state_dict())
    assert torch.equal(again(**batch).logits, model(**batch).logits)


@torch.no_grad()
def test_concatenation_is_one_layer_over_the_means_of_the_last_states(build: Build, batch: Batch) -> None:
    model = build(attention="all", **CONCATENATION, **NO_EXPERTS)
    text = {name: batch[name][:1] for name in ("input_ids", "attention_mask")}  # nothing in it is padding
    words = model.text_encoder(**text).last_hidden_state.mean(dim=1)
    patches = model.vision_encoder(pixel_values=batch["pixel_values"][:1]).last_hidden_state.mean(dim=1)
    fused = model.concatenation(torch.cat([words, patches], dim=-1))
    found = model(**text, pixel_values=batch["pixel_values"][:1])
    assert_close(found.fused, fused)
    assert_close(found.logits, model.classifier(fused))
    assert found.router_logits is None


@pytest.mark.parametrize(
    ("less", "gone"),
    [
        (CONCATENATION, ("co_attention_layers.", "text_projections.", "vision_projections.")),
        (NO_EXPERTS, ("expert_nets.", "moe_gate.")),
    ],
    ids=["concatenation", "no_experts"],
)
def test_what_is_left_out_has_no_weights(less: dict[str, Any], gone: tuple[str, ...], build: Build) -> None:
    whole, rest = set(build().state_dict()), set(build(**less).state_dict())
    assert {name for name in whole if name.startswith(gone)} == whole - rest
    assert rest - whole == ({"concatenation.weight", "concatenation.bias"} if less is CONCATENATION else set())
