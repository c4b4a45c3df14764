"""A tiny LLaVA that has learnt what to say of black and of white pictures."""

from pathlib import Path

import torch
from PIL import Image
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import (
    CLIPImageProcessorPil,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

from symptomeme.text.reasoning import question

GOOD = (
    "1. Cause-Effect: rain falls all day 2. Figurative Understanding: rain stands for sadness 3. Mental State: "
    "feeling low and tired"
)
GARBAGE = "rain"
SPECIAL = ["<pad>", "<unk>", "<s>", "</s>", "<image>"]
TEMPLATE = (
    "{% for message in messages %}{% for part in message['content'] %}"
    "{{ '<image> ' if part['type'] == 'image' else part['text'] }}{% endfor %}{% endfor %}"
    "{% if add_generation_prompt %} says:{% endif %}"
)


def processor(*, chats: bool = True) -> LlavaProcessor:
    words = [*SPECIAL, *dict.fromkeys(f"{GOOD} {GARBAGE} says:".split())]
    level = Tokenizer(WordLevel({word: index for index, word in enumerate(words)}, unk_token="<unk>"))
    level.pre_tokenizer = WhitespaceSplit()
    names = {"pad_token": "<pad>", "unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    side = {"height": 16, "width": 16}
    return LlavaProcessor(
        CLIPImageProcessorPil(size=side, crop_size=side),
        PreTrainedTokenizerFast(tokenizer_object=level, extra_special_tokens={"image_token": "<image>"}, **names),
        patch_size=8,
        vision_feature_select_strategy="full",
        num_additional_image_tokens=1,
        chat_template=TEMPLATE if chats else None,
    )


def model(vocabulary: int) -> LlavaForConditionalGeneration:
    torch.manual_seed(7)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    text = LlamaConfig(**sizes, vocab_size=vocabulary, bos_token_id=2, eos_token_id=3, pad_token_id=0)
    vision = CLIPVisionConfig(**sizes, image_size=16, patch_size=8)
    config = LlavaConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=SPECIAL.index("<image>"),
        vision_feature_select_strategy="full",
    )
    return LlavaForConditionalGeneration(config).eval()


def write_reasoner(folder: Path, *, steps: int = 0, chats: bool = True) -> Path:
    """Write the model's folder; with steps of training it says GOOD of white pictures and GARBAGE of black ones."""
    made = processor(chats=chats)
    network = model(len(made.tokenizer))
    optimiser = torch.optim.AdamW(network.parameters(), lr=5e-3)
    for _ in range(steps):
        optimiser.zero_grad()
        network(**lesson(made)).loss.backward()
        optimiser.step()
    network.save_pretrained(folder)
    made.save_pretrained(folder)
    return folder


def lesson(made: LlavaProcessor) -> dict[str, torch.Tensor]:
    """Both pictures with what is to be said of them, and labels on that alone."""
    made.tokenizer.padding_side = "right"
    texts = [f"<image> {question('rain')} says: {answer} </s>" for answer in (GOOD, GARBAGE)]
    pictures = [Image.new("RGB", (20, 20), colour) for colour in ("white", "black")]
    inputs = made(images=pictures, text=texts, padding=True, return_tensors="pt")
    start = (inputs["input_ids"][0] == made.tokenizer.convert_tokens_to_ids("says:")).nonzero().item() + 1
    labels = inputs["input_ids"].masked_fill(inputs["attention_mask"] == 0, -100)
    labels[:, :start] = -100
    return {**inputs, "labels": labels}
