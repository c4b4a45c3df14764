"""Pre-processing: joining and cutting texts, padding, the two steps of pictures, saving."""

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close
from transformers import AutoProcessor, CLIPImageProcessorPil

from symptomeme.domain.errors import ModelError
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.processor import SymptomProcessor, build_processor

CLS, SEP, BAR = 2, 3, 11
CANNOT_SLEEP, BECAUSE_OF_EXAMS = [5, 6], [8, 9, 10]  # ids of the words in conftest.py

Make = Callable[..., SymptomProcessor]


@pytest.fixture
def make(text_folder: Path, vision_folder: Path) -> Make:
    def build(**changes: Any) -> SymptomProcessor:
        settings: dict[str, Any] = {
            "tokenizer": text_folder,
            "vision_encoder": vision_folder,
            "image_size": None,
            "image_fit": "squash",
            "separator": " | ",
            "max_length": 8,
        }
        return build_processor(**{**settings, **changes})

    return build


@pytest.fixture
def images() -> list[Image.Image]:
    noise = np.random.default_rng(0)
    return [
        Image.fromarray(noise.integers(0, 256, (height, width, 3), dtype=np.uint8))
        for height, width in ((50, 90), (40, 33), (1, 1))
    ]


def test_text_and_reasoning_are_joined(make: Make) -> None:
    found = make().encode_texts(["cannot sleep", "cannot sleep", ""], ["because of exams", " ", ""])
    assert found == [
        [CLS, *CANNOT_SLEEP, BAR, *BECAUSE_OF_EXAMS, SEP],
        [CLS, *CANNOT_SLEEP, SEP],
        [CLS, SEP],
    ]


def test_tokens_know_where_they_stand_and_are_those_of_the_model(make: Make) -> None:
    processor, text = make(max_length=4), "cannot  sleep again"
    ids, spans = processor.encode_with_spans(text)
    assert [ids] == processor.encode_texts([text])
    assert [text[start:end] for start, end in spans] == ["", "cannot", "sleep", ""]


def test_no_separator_means_the_tokenizers_own(make: Make) -> None:
    processor = make(separator=None)
    assert processor.separator == " [SEP] "
    assert processor.encode_texts(["cannot"], ["because"]) == [[CLS, 5, SEP, 8, SEP]]


@pytest.mark.parametrize("words", [1, 5, 6, 9])
def test_reasoning_is_cut_before_the_text(words: int, make: Make) -> None:
    text = ["again"] * words
    found = make().encode_texts([" ".join(text)], ["because of exams"])[0]
    assert len(found) <= 8
    assert found.count(7) == min(words, 6)  # 8 less two special tokens
    assert make().encode_texts([" ".join(text)])[0].count(7) == min(words, 6)


def test_padding_is_to_the_longest(make: Make) -> None:
    found = make()(text=["cannot sleep", ""])
    assert set(found) == {"input_ids", "attention_mask"}
    assert found["input_ids"].tolist() == [[CLS, *CANNOT_SLEEP, SEP], [CLS, SEP, 0, 0]]
    assert found["attention_mask"].tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    assert found["attention_mask"].dtype == torch.int64


@pytest.mark.parametrize("fit", ["squash", "crop"])
def test_two_steps_give_what_one_call_gives(fit: str, make: Make, images: list[Image.Image]) -> None:
    processor = make(image_fit=fit)
    pictures = processor.picture_bytes(images)
    assert (pictures.shape, pictures.dtype) == ((3, 3, 32, 32), np.uint8)
    found = processor(images=images)
    assert set(found) == {"pixel_values"}
    assert found["pixel_values"].dtype == torch.float32
    assert torch.equal(processor.pixel_values(pictures), found["pixel_values"])
    assert torch.equal(processor.pixel_values(torch.from_numpy(pictures)), found["pixel_values"])
    size = {"height": 32, "width": 32} if fit == "squash" else {"shortest_edge": 32}
    clip = CLIPImageProcessorPil(
        size=size,
        crop_size={"height": 32, "width": 32},
        do_center_crop=fit == "crop",
        resample=Image.Resampling.BICUBIC,
    )
    assert_close(found["pixel_values"], clip(images, return_tensors="pt")["pixel_values"], atol=1e-5, rtol=0)


def test_squash_keeps_the_edges_that_crop_loses(make: Make) -> None:
    wide = Image.new("RGB", (96, 32))
    wide.paste((255, 255, 255), (0, 0, 16, 32))
    assert make(image_fit="squash").picture_bytes([wide]).max() == 255
    assert make(image_fit="crop").picture_bytes([wide]).max() == 0


def test_any_mode_becomes_three_channels(make: Make) -> None:
    found = [Image.new(mode, (40, 30)) for mode in ("RGBA", "L", "P", "CMYK", "1")]
    assert make().picture_bytes(found).shape == (5, 3, 32, 32)


def test_colours_and_size_of_the_encoder_are_used(make: Make, vision_folder: Path, tmp_path: Path) -> None:
    assert make(vision_encoder=None).image_processor.size == {"height": 224, "width": 224}
    assert make(image_size=48).picture_bytes([Image.new("RGB", (9, 9))]).shape == (1, 3, 48, 48)
    (tmp_path / "config.json").write_bytes((vision_folder / "config.json").read_bytes())
    told = {"image_mean": [0.5] * 3, "image_std": [0.25] * 3, "size": {"shortest_edge": 7}, "resample": 0}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(told))
    white = make(vision_encoder=tmp_path)(images=[Image.new("RGB", (9, 9), "white")])["pixel_values"]
    assert white.shape == (1, 3, 32, 32)
    assert_close(white, torch.full_like(white, 2.0))


def test_saved_beside_the_model_it_comes_back_the_same(
    make: Make, build: Callable[..., SymptomClassifier], images: list[Image.Image], tmp_path: Path
) -> None:
    processor, folder = make(), tmp_path / "model"
    build().save_pretrained(folder)
    processor.save_pretrained(folder)
    texts, reasonings = ["cannot sleep again cannot sleep", ""], ["because of exams", ""]
    expected = processor(text=texts, reasoning=reasonings, images=images[:2])
    for kind in (SymptomProcessor, AutoProcessor):
        found = kind.from_pretrained(folder)
        assert isinstance(found, SymptomProcessor)
        assert isinstance(found.image_processor, CLIPImageProcessorPil)
        again = found(text=texts, reasoning=reasonings, images=images[:2])
        assert all(torch.equal(again[name], expected[name]) for name in expected)
        found.save_pretrained(tmp_path / "again")
        for file in (tmp_path / "again").iterdir():
            assert file.read_bytes() == (folder / file.name).read_bytes(), file.name
    assert {file.suffix for file in folder.iterdir()} == {".json", ".safetensors"}
    for file in folder.glob("*.json"):
        assert str(tmp_path.parent.parent) not in file.read_text(), file.name


def test_tokenizing_is_safe_in_threads(make: Make) -> None:
    processor = make()
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: processor(text=["cannot sleep"] * 3)["input_ids"].shape, range(200)))
    assert set(found) == {(3, 4)}


@pytest.mark.parametrize("given", [{"text": "cannot"}, {"text": ["a", "b"], "reasoning": ["c"]}])
def test_lists_of_different_lengths_are_refused(given: dict[str, Any], make: Make) -> None:
    with pytest.raises(ValueError, match="must be lists of the same length, one entry a meme"):
        make()(**given)


def test_more_tokens_than_the_encoder_takes_are_refused(make: Make, text_folder: Path) -> None:
    with pytest.raises(ModelError) as told:
        make(max_length=41)
    assert str(told.value) == f"max_length 41: {text_folder} takes at most 40 tokens."


def test_pictures_under_a_patch_of_the_encoder_are_refused(make: Make, vision_folder: Path) -> None:
    assert make(image_size=8).image_processor.size["height"] == 8
    with pytest.raises(ModelError) as told:
        make(image_size=7)
    assert str(told.value) == (
        f"image_size 7 is less than the 8 pixels a side of a patch of {vision_folder}; choose at least that many."
    )


def test_an_encoder_that_sees_nothing_is_refused(make: Make, text_folder: Path) -> None:
    with pytest.raises(
        ModelError, match=r"^vision encoder .*'bert', which is no vision encoder; name another folder\.$"
    ):
        make(vision_encoder=text_folder)


@pytest.mark.parametrize("damaged", ["{}", "null", '{"version": "1.0"'])
def test_a_damaged_tokenizer_of_an_encoder_is_told(make: Make, text_folder: Path, tmp_path: Path, damaged: str) -> None:
    encoder = shutil.copytree(text_folder, tmp_path / "text")
    (encoder / "tokenizer.json").write_text(damaged)
    with pytest.raises(ModelError, match=r"^text encoder .*: its tokenizer cannot be loaded \(\w+\)\.$"):
        make(tokenizer=encoder)
