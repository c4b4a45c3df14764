"""Patches and their places in the picture as it came."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from symptomeme.explaining.patches import patch_sums, scored_patches, seen_part, strengths
from symptomeme.models.processor import build_processor

SIDE, PATCH = 32, 8


def test_pixels_are_summed_into_patches() -> None:
    pixels = np.arange(49, dtype=float).reshape(7, 7)  # the last row and column make no whole patch
    assert patch_sums(pixels, 3).tolist() == [
        [sum(pixels[row, column] for row in rows for column in columns) for columns in (range(3), range(3, 6))]
        for rows in (range(3), range(3, 6))
    ]


def test_places_are_those_of_the_part_that_is_seen() -> None:
    scores = np.array([[1.0, 2.0], [3.0, 4.0]])
    patches = scored_patches(scores, -scores, patch_size=4, side=10, seen=(10, 0, 110, 50))
    assert [patch.box for patch in patches] == [(10, 0, 50, 20), (50, 0, 90, 20), (10, 20, 50, 40), (50, 20, 90, 40)]
    assert [(patch.score, patch.strength) for patch in patches] == [(1, -1), (2, -2), (3, -3), (4, -4)]


def test_strength_is_less_where_a_patch_stands_out() -> None:
    pixels = np.zeros((3, 4, 4))
    pixels[:, :2, :2], pixels[:, 2:, 2:] = 3, -2
    pixels -= pixels.mean()
    scores = np.array([[2.0, 1.0], [-1.0, 0.5]])
    contrast = np.array([[2.75, 0.25], [0.25, 2.25]]) / (5.5 / 4)  # of the mean one
    assert strengths(scores, pixels, 2) == pytest.approx(scores * [[0.5, 1], [1, 1 / contrast[1, 1]]])
    assert contrast[0, 0] == pytest.approx(2) and 1 < contrast[1, 1] < 2
    # neither light nor contrast of the whole picture counts
    assert strengths(scores, pixels * 7 + 4, 2) == pytest.approx(strengths(scores, pixels, 2))


def test_what_stands_out_alone_stays_first() -> None:
    pixels, scores = np.zeros((3, 28, 28)), np.full((14, 14), 0.05)
    pixels[:, 4:6, 4:6], scores[2, 2] = 1, 2
    assert strengths(scores, pixels, 2).argmax() == 2 * 14 + 2


def test_in_a_picture_of_one_colour_or_of_no_patch_strength_is_the_score() -> None:
    scores = np.array([[2.0, -1.0]])
    assert strengths(scores, np.full((3, 2, 4), 0.75), 2).tolist() == [[2, -1]]
    assert strengths(np.empty((0, 0)), np.ones((3, 8, 8)), 16).size == 0


@pytest.mark.parametrize("fit", ["squash", "crop"])
@pytest.mark.parametrize("size", [(90, 50), (50, 90), (64, 64), (33, 47)])
def test_what_is_bright_for_the_model_is_bright_in_the_picture(
    fit: str, size: tuple[int, int], text_folder: Path, vision_folder: Path
) -> None:
    processor = build_processor(
        tokenizer=text_folder,
        vision_encoder=vision_folder,
        image_size=SIDE,
        image_fit=fit,  # type: ignore[arg-type]
        separator=" | ",
        max_length=8,
    )
    width, height = size
    middle = (width * 0.6, height * 0.55)
    picture = Image.new("L", size)
    picture.paste(255, (round(middle[0]) - 2, round(middle[1]) - 2, round(middle[0]) + 2, round(middle[1]) + 2))
    pixels = processor.picture_bytes([picture.convert("RGB")])[0, 0].astype(float)
    sums = patch_sums(pixels, PATCH)
    patches = scored_patches(sums, sums, patch_size=PATCH, side=SIDE, seen=seen_part(size, processor.image_processor))
    brightest = max(patches, key=lambda patch: patch.score)
    left, top, right, bottom = brightest.box
    assert left - 2 <= middle[0] <= right + 2
    assert top - 2 <= middle[1] <= bottom + 2
    short = min(size) / (SIDE / PATCH)
    expected = (short, short) if fit == "crop" else (width * PATCH / SIDE, height * PATCH / SIDE)
    assert (right - left, bottom - top) == pytest.approx(expected)
