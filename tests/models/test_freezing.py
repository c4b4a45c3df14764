from typing import Any

import pytest
import torch
from transformers import (
    BertConfig,
    BertModel,
    CLIPVisionConfig,
    CLIPVisionModel,
    Dinov2Config,
    Dinov2Model,
    ModernBertConfig,
    ModernBertModel,
    RobertaConfig,
    RobertaModel,
    SiglipVisionConfig,
    SiglipVisionModel,
    ViTConfig,
    ViTModel,
)

from symptomeme.domain.errors import ModelError
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.freezing import freeze_layers, frozen_layers, frozen_states, run_from

SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
}
READERS = {
    BertModel: BertConfig(**SIZES, vocab_size=20),
    RobertaModel: RobertaConfig(**SIZES, vocab_size=20),
    ModernBertModel: ModernBertConfig(**SIZES, vocab_size=20, pad_token_id=0, bos_token_id=1, eos_token_id=2,
                                      cls_token_id=1, sep_token_id=2),
}  # fmt: skip
SIGHT = {"image_size": 32, "patch_size": 8}
LOOKERS = {
    CLIPVisionModel: CLIPVisionConfig(**SIZES, **SIGHT),
    SiglipVisionModel: SiglipVisionConfig(**SIZES, **SIGHT),
    ViTModel: ViTConfig(**SIZES, **SIGHT),
    Dinov2Model: Dinov2Config(hidden_size=32, num_hidden_layers=3, num_attention_heads=4, **SIGHT),
}
FAMILIES = [*READERS.items(), *LOOKERS.items()]


def test_embeddings_and_the_lowest_layers_stop_learning(build: Any) -> None:
    encoder = build().text_encoder
    freeze_layers(encoder, 0, what="frozen_text_layers")
    assert frozen_layers(encoder) == 0 and all(weight.requires_grad for weight in encoder.parameters())
    freeze_layers(encoder, 2, what="frozen_text_layers")
    frozen = {name.rsplit(".", 1)[0] for name, weight in encoder.named_parameters() if not weight.requires_grad}
    learning = {name.rsplit(".", 1)[0] for name, weight in encoder.named_parameters() if weight.requires_grad}
    assert frozen == {
        name for name in frozen | learning if name.startswith(("embeddings", "encoder.layer.0.", "encoder.layer.1."))
    }
    assert frozen_layers(encoder) == 2
    with pytest.raises(ModelError, match=r"^frozen_text_layers 4: this encoder has 3 layers to freeze\.$"):
        freeze_layers(encoder, 4, what="frozen_text_layers")
    with pytest.raises(ModelError, match=r"^frozen_vision_layers 1: this encoder has no layers to freeze\.$"):
        freeze_layers(SymptomClassifier(build().config), 1, what="frozen_vision_layers")


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize(("kind", "config"), FAMILIES, ids=[kind.__name__ for kind, _ in FAMILIES])
def test_an_encoder_goes_on_from_its_frozen_layers(kind: Any, config: Any, count: int) -> None:
    torch.manual_seed(0)
    encoder = kind(config).eval()
    freeze_layers(encoder, count, what="count")
    if kind in READERS:
        others = {"attention_mask": torch.tensor([[1] * 4, [1, 1, 0, 0]])}
        name, inputs = "inputs_embeds", {"input_ids": torch.tensor([[5, 6, 7, 8], [5, 6, 0, 0]]), **others}
    else:
        name, others, inputs = "pixel_values", {}, {"pixel_values": torch.randn(2, 3, 32, 32)}
    whole = encoder(**inputs, output_hidden_states=True)
    states = frozen_states(encoder, depths=3, **inputs)
    assert states.shape[1] == (1, 2, 3)[count - 1]
    found, hidden = run_from(encoder, states, name, **others)
    for mine, its in zip(hidden[-3:], whole.hidden_states[-3:], strict=True):
        torch.testing.assert_close(mine, its, atol=1e-5, rtol=0)
    torch.testing.assert_close(found.last_hidden_state, whole.last_hidden_state, atol=1e-5, rtol=0)
    again = encoder(**inputs, output_hidden_states=True)  # as if nothing had been passed by
    assert torch.equal(again.last_hidden_state, whole.last_hidden_state)
