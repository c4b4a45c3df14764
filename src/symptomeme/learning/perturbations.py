"""Memes that are harder than they were: text misread or missing, pictures coarse, small or missing.

A text's noise depends on the meme's key and the seed alone, and characters that are misread at one share are misread at
every greater one. Words stay as they were read when the picture changes, and the other way round.
"""

import io
import string
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from symptomeme.data.transforms import read_picture
from symptomeme.domain.digests import of_text
from symptomeme.domain.progress import progress
from symptomeme.domain.sections.evaluation import RobustnessParams
from symptomeme.learning.batches import Encoded

_GREY = 128
_LETTERS = np.array(list(string.ascii_lowercase))


def perturbed(
    memes: pd.DataFrame, examples: Encoded, options: RobustnessParams, *, reasoning: bool, seed: int
) -> Iterator[tuple[str, Encoded]]:
    """What was done, and the memes after it; of the modalities that these examples have.

    Args:
        memes: `key`, `text`, `reasoning` and `image` of each.
        examples: the same memes, untouched.
        reasoning: whether reasoning follows the text.
    """
    processor = examples.processor
    if examples.input_ids is not None:
        reasonings = memes.reasoning.tolist() if reasoning else None
        for name, texts in _texts(memes, options, seed):
            ngrams = processor.count_ngrams(texts, reasonings) if processor.ngrams else None
            yield name, replace(examples, input_ids=processor.encode_texts(texts, reasonings), ngrams=ngrams)
    if examples.pictures is not None:
        changes = dict(_of_pictures(options))
        found = [
            processor.picture_bytes([change(picture) for change in changes.values()])
            for picture in map(read_picture, progress([Path(image) for image in memes.image], what="perturb"))
        ]
        for name, pictures in zip(changes, np.stack(found, axis=1) if changes else [], strict=True):
            yield name, replace(examples, pictures=pictures)
        yield "no picture (grey)", replace(examples, pictures=np.full_like(examples.pictures, _GREY))


def misread(text: str, *, share: float, rng: np.random.Generator) -> str:
    """The text with about this share of its characters misread: a third each replaced, dropped, or followed by another.

    Source: random noise as in Belinkov and Bisk, Synthetic and Natural Noise, arXiv:1711.02173.
    """
    drawn = zip(
        text, rng.random(len(text)), rng.integers(3, size=len(text)), rng.choice(_LETTERS, len(text)), strict=True
    )
    return "".join(
        (letter, "", character + letter)[kind] if chance < share else character
        for character, chance, kind, letter in drawn
    )


def recompressed(picture: Image.Image, quality: int) -> Image.Image:
    """The picture after JPEG compression of this quality."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def coarsened(picture: Image.Image, scale: float) -> Image.Image:
    """The picture made smaller by this factor and stretched back."""
    small = picture.resize([max(1, round(side * scale)) for side in picture.size])
    return small.resize(picture.size)


def _texts(memes: pd.DataFrame, options: RobustnessParams, seed: int) -> Iterator[tuple[str, list[str]]]:
    for share in options.misread:
        yield (
            f"{share:.0%} of characters misread",
            [
                misread(text, share=share, rng=np.random.default_rng([seed, int(of_text(key)[:16], 16)]))
                for key, text in zip(memes.key, memes.text, strict=True)
            ],
        )
    yield "no text", [""] * len(memes)


def _of_pictures(options: RobustnessParams) -> Iterator[tuple[str, Callable[[Image.Image], Image.Image]]]:
    for quality in options.jpeg_quality:
        yield f"JPEG quality {quality}", partial(recompressed, quality=quality)
    for scale in options.scale:
        yield f"picture at {scale:.0%} of its size", partial(coarsened, scale=scale)
