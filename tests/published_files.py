"""Files as the published code would have left them: checkpoints, and the tokenizer of their text encoder."""

from pathlib import Path

import torch
from published_forward import PADDING, Answer, Sizes
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import TemplateProcessing
from torch import Tensor
from torch.testing import assert_close
from transformers import PreTrainedTokenizerFast

from symptomeme.models.outputs import SymptomOutput

Weights = dict[str, Tensor]
WORDS = ("i", "cannot", "sleep", "[SEP]", "because", "of", "exams")


def write_tokenizer(folder: Path, *, vocabulary: int, length: int) -> Path:
    """So many words, special ones where RoBERTa has them, and nothing else in the folder."""
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    words = [*special, *WORDS, *(f"w{n}" for n in range(vocabulary - len(special) - len(WORDS) - 1)), "<mask>"]
    assert words.index("<pad>") == PADDING
    found = Tokenizer(WordLevel({word: index for index, word in enumerate(words)}, unk_token="<unk>"))
    found.pre_tokenizer = WhitespaceSplit()
    found.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    names = {
        "bos_token": "<s>",
        "pad_token": "<pad>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "mask_token": "<mask>",
    }
    PreTrainedTokenizerFast(tokenizer_object=found, model_max_length=length, **names).save_pretrained(folder)
    return folder


def from_data_parallel(weights: Weights) -> Weights:
    return {f"module.{name}": tensor for name, tensor in weights.items()}


def with_buffers(weights: Weights) -> Weights:
    """What older versions of transformers saved beside the weights."""
    return {
        **weights,
        "text_encoder.embeddings.position_ids": torch.arange(14)[None],
        "text_encoder.embeddings.token_type_ids": torch.zeros(1, 14, dtype=torch.long),
        "vision_encoder.vision_model.embeddings.position_ids": torch.arange(17)[None],
    }


def as_transformers_5(weights: Weights) -> Weights:
    return {name.replace("vision_model.", ""): tensor for name, tensor in weights.items()}


def without_contrast(weights: Weights) -> Weights:
    return {name: tensor for name, tensor in weights.items() if "contrastive_proj" not in name}


def older(weights: Weights) -> Weights:
    return from_data_parallel(with_buffers(weights))


FORMS = (dict, from_data_parallel, with_buffers, as_transformers_5, older)
"""What may have become of weights by the time they are saved."""


def inputs(sizes: Sizes) -> Weights:
    """Three texts, the first as long as can be, padded as the published code pads, and three pictures."""
    generator, length = torch.Generator().manual_seed(6), sizes.positions - 2
    ids = torch.randint(4, sizes.vocabulary, (3, length), generator=generator)
    ids[:, 0] = 0
    for row, count in enumerate((length, length // 2, 2)):
        ids[row, count - 1], ids[row, count:] = 2, PADDING
    pixels = torch.randn(3, 3, sizes.image, sizes.image, generator=generator)
    return {"input_ids": ids, "attention_mask": (ids != PADDING).long(), "pixel_values": pixels}


def agree(found: SymptomOutput, expected: Answer) -> None:
    """Logits and all embeddings are the same to 1e-5; there is none of text and image without contrastive heads."""
    assert_close(found.logits.double(), expected.logits, atol=1e-5, rtol=0)
    if expected.fused is None:
        assert found.text_embedding is None
        assert found.image_embedding is None
        return
    for name in ("fused", "text", "image"):
        assert_close(found[f"{name}_embedding"].double(), getattr(expected, name), atol=1e-5, rtol=0)
