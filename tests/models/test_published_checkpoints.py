"""Published checkpoints become classifiers that compute what the published code does."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from published_files import FORMS, Weights, agree, inputs, without_contrast, write_tokenizer
from published_forward import SMALL, PlainModel, weights
from torch.testing import assert_close

from symptomeme.domain.errors import ModelError
from symptomeme.domain.labels import ANXIETY, DEPRESSION, Task
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.config import SymptomConfig
from symptomeme.models.encoders import load_classifier
from symptomeme.models.published import published_processor, read_published
from symptomeme.models.published_config import Heads

WEIGHTS = weights(SMALL, seed=5)
LENGTH = SMALL.positions - 2


def read(file: Path, found: Weights, *, task: Task = ANXIETY, heads: Heads | None = None) -> SymptomClassifier:
    torch.save(found, file)
    return read_published(file, task=task, heads=heads or Heads()).eval()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "published.pth"


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    return write_tokenizer(tmp_path / "tokenizer", vocabulary=SMALL.vocabulary, length=LENGTH)


@pytest.mark.parametrize("contrast", [True, False], ids=["contrast", "no contrast"])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_form_computes_the_published_model(form: type[Weights], contrast: bool, file: Path) -> None:
    kept = WEIGHTS if contrast else without_contrast(WEIGHTS)
    model, batch = read(file, form(kept)), inputs(SMALL)
    with torch.no_grad():
        expected = PlainModel(kept)(**batch)
        agree(model(**batch), expected)
    assert expected.logits.std(dim=0).min() > 0.05  # memes differ


def test_saved_it_is_a_model_folder_that_computes_the_same(file: Path, tmp_path: Path) -> None:
    read(file, WEIGHTS).save_pretrained(tmp_path / "model")
    batch = inputs(SMALL)
    with torch.no_grad():
        agree(load_classifier(tmp_path / "model").eval()(**batch), PlainModel(WEIGHTS)(**batch))


def test_halves_become_whole_numbers(file: Path) -> None:
    model = read(file, {name: tensor.half() for name, tensor in WEIGHTS.items()})
    assert model.dtype == torch.float32
    assert_close(model.moe_gate.weight.detach(), WEIGHTS["moe_gate.weight"], atol=1e-3, rtol=1e-3)


def test_heads_are_those_that_are_told(file: Path) -> None:
    batch = inputs(SMALL)
    with torch.no_grad():
        agree(read(file, WEIGHTS, heads=Heads(4, 6, 2))(**batch), PlainModel(WEIGHTS, heads=(4, 6, 2))(**batch))
        others = read(file, WEIGHTS)(**batch).logits
    assert (others - PlainModel(WEIGHTS, heads=(4, 6, 2))(**batch).logits).abs().max() > 1e-3


def test_its_config_says_what_the_published_code_does(file: Path) -> None:
    config = read(file, WEIGHTS).config
    assert (config.attention, config.contrastive_masking, config.reasoning) == ("first", "published", True)
    assert (config.separator, config.max_length, config.num_heads) == (" [SEP] ", LENGTH, 8)
    assert (config.temperature, set(config.thresholds.values())) == (1.0, {0.0})
    assert (config.task, config.variant, config.labels) == ("anxiety", "published", ANXIETY.labels)
    assert (config.text_config.layer_norm_eps, config.vision_config.hidden_act) == (1e-5, "quick_gelu")
    assert (config.contrastive_size, config.contrastive_hidden_size) == (6, 10)
    assert SymptomConfig(**read(file, without_contrast(WEIGHTS)).config.to_dict()).contrastive_size is None


def test_without_contrastive_heads_it_learns_from_classification_alone(file: Path) -> None:
    model, batch = read(file, without_contrast(WEIGHTS)), inputs(SMALL)
    found = model(**batch, labels=torch.tensor([0, 1, 2]))
    assert (found.contrastive_loss, found.loss) == (None, found.classification_loss)
    with pytest.raises(ModelError, match="alignment needs a model with text, image and contrastive heads"):
        model.alignment(**batch)


def test_its_processor_puts_the_literal_separator_and_crops(file: Path, tokenizer: Path) -> None:
    model = read(file, WEIGHTS)
    processor = published_processor(model.config, tokenizer=tokenizer)
    ids = processor.encode_texts(["cannot sleep", "i"], ["because of exams", ""])
    told = processor.tokenizer.convert_ids_to_tokens(ids[0])
    assert told == ["<s>", "cannot", "sleep", "[SEP]", "because", "of", "exams", "</s>"]
    assert len(processor.encode_texts(["sleep " * 40])[0]) == LENGTH
    picture = np.zeros((16, 48, 3), np.uint8)
    picture[:, 16:32] = 255
    pixels = processor(images=[Image.fromarray(picture)])["pixel_values"]
    assert pixels.shape == (1, 3, SMALL.image, SMALL.image)
    assert pixels.min() > 1.5  # the middle is white
    with torch.no_grad():
        assert model(**processor(text=["i"], images=[Image.fromarray(picture)])).logits.shape == (1, 6)


def test_a_tokenizer_of_another_encoder_is_refused(file: Path, tmp_path: Path, text_folder: Path) -> None:
    config = read(file, WEIGHTS).config
    other = write_tokenizer(tmp_path / "other", vocabulary=31, length=LENGTH)
    for folder, told in ((other, "has 31 tokens and pads with 1"), (text_folder, "has 12 tokens and pads with 0")):
        with pytest.raises(ModelError) as found:
            published_processor(config, tokenizer=folder)
        assert str(found.value) == (
            f"tokenizer {folder}: {told}; the checkpoint has 30 and pads with 1. "
            "Give the tokenizer of its text encoder."
        )


def test_a_checkpoint_of_the_other_task_is_told(file: Path) -> None:
    with pytest.raises(ModelError, match=r"has 6 classes, and depression has 7\. Name the task of this checkpoint\.$"):
        read(file, WEIGHTS, task=DEPRESSION)
