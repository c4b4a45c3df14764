from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from symptomeme.domain.labels import ANXIETY
from symptomeme.domain.sections.evaluation import RobustnessParams
from symptomeme.learning.batches import Encoded, encode
from symptomeme.learning.perturbations import coarsened, misread, perturbed, recompressed

TEXT = "every night the same ceiling " * 40
OPTIONS = RobustnessParams(memes=18, misread=[0.1, 0.2], jpeg_quality=[10], scale=[0.25])


def test_about_that_share_is_misread() -> None:
    for share in (0.0, 0.05, 0.2, 1.0):
        letters = misread(TEXT.upper(), share=share, rng=np.random.default_rng(0))
        kept = sum(letter.isupper() or letter == " " for letter in letters) / len(TEXT)
        assert kept == pytest.approx(1 - share * 2 / 3, abs=0.03)  # a third is followed by another, and stays
    assert misread("", share=1.0, rng=np.random.default_rng(0)) == ""


def test_a_picture_is_spoilt_and_keeps_its_size() -> None:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (31, 40, 3), dtype=np.uint8))
    for spoilt in (recompressed(picture, 10), coarsened(picture, 0.01)):
        assert (spoilt.size, spoilt.mode) == (picture.size, "RGB")
        assert np.asarray(spoilt).std() < np.asarray(picture).std()


@pytest.fixture
def table(memes: Encoded, tmp_path: Path) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    for at in range(len(memes)):
        picture = rng.integers(0, 255, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(picture).save(tmp_path / f"{at}.png")
    rows = [
        {
            "key": f"test/{at}",
            "text": "i cannot sleep again",
            "reasoning": "",
            "given_reasoning": "what no model was given",
            "image": str(tmp_path / f"{at}.png"),
        }
        for at in range(len(memes))
    ]
    return pd.DataFrame(rows)


def test_reasoning_stays_behind_the_words_as_the_model_was_given_it(memes: Encoded, table: pd.DataFrame) -> None:
    found = dict(perturbed(table.assign(reasoning="cannot sleep"), memes, OPTIONS, reasoning=True, seed=3))
    assert found["no text"].input_ids == memes.processor.encode_texts([""] * len(memes), ["cannot sleep"] * len(memes))
    assert found["no text"].input_ids != memes.processor.encode_texts([""] * len(memes))


def test_each_modality_is_perturbed_by_itself(memes: Encoded, table: pd.DataFrame) -> None:
    found = dict(perturbed(table, memes, OPTIONS, reasoning=False, seed=3))
    of_words = ["10% of characters misread", "20% of characters misread", "no text"]
    of_pictures = ["JPEG quality 10", "picture at 25% of its size", "no picture (grey)"]
    assert list(found) == [*of_words, *of_pictures]
    for name in of_words:
        assert found[name].pictures is memes.pictures
    for name in of_pictures:
        assert found[name].input_ids is memes.input_ids
        assert found[name].pictures.shape == memes.pictures.shape
    assert found["no text"].input_ids == [[2, 3]] * len(memes)
    assert len(np.unique(found["no picture (grey)"].pictures)) == 1
    text_only = Encoded(**{**vars(memes), "pictures": None})
    assert list(dict(perturbed(table, text_only, OPTIONS, reasoning=False, seed=3))) == of_words


def test_ngrams_are_counted_in_what_is_left_of_the_words(memes: Encoded, table: pd.DataFrame) -> None:
    memes.processor.ngrams = True
    rows = table.assign(labels=[[]] * len(table), reasoning="of exams")
    for reasoning in (False, True):
        given, empty = (
            encode(of, ANXIETY, memes.processor, text=True, image=False, reasoning=reasoning)
            for of in (rows, rows.assign(text=""))
        )
        found = dict(perturbed(rows, given, OPTIONS, reasoning=reasoning, seed=3))
        assert found["no text"].input_ids == empty.input_ids
        assert (found["no text"].ngrams != empty.ngrams).nnz == 0
        assert (found["no text"].ngrams.nnz > 0) == reasoning
        assert (found["20% of characters misread"].ngrams != given.ngrams).nnz > 0


def test_noise_hangs_on_the_meme_not_on_its_place(memes: Encoded, table: pd.DataFrame) -> None:
    def noisy(rows: pd.DataFrame, seed: int = 3) -> list[list[int]]:
        return dict(perturbed(rows, memes, OPTIONS, reasoning=False, seed=seed))["20% of characters misread"].input_ids

    assert noisy(table[::-1]) == noisy(table)[::-1]
    assert noisy(table) != noisy(table, seed=4)
