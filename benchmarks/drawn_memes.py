"""Memes drawn to be read, and how well they were."""

import json
from pathlib import Path
from random import Random
from statistics import fmean
from typing import NamedTuple

from symptomeme.sample.draw import Order, draw_meme
from symptomeme.sample.styles import Style
from symptomeme.text.quality import character_error

STYLES: tuple[Style, ...] = ("outlined", "caption")


class Drawn(NamedTuple):
    """A meme in a file."""

    path: Path
    style: Style
    truth: str
    cut: bool
    replaced: int


def texts_of(file: Path, number: int, seed: int) -> list[str]:
    texts = [str(record["ocr_text"]) for record in json.loads(file.read_text(encoding="utf-8")) if record["ocr_text"]]
    return Random(seed).sample(texts, number)


def drawn(texts: list[str], seed: int, folder: Path) -> list[Drawn]:
    memes = []
    for place, text in enumerate(texts):
        style = STYLES[place % len(STYLES)]
        order = Order(key=f"{seed}/{place}", text=text, style=style, widths=(640, 900), capitals=(18, 40), quality=80)
        meme = draw_meme(order)
        path = folder / f"{place}.jpg"
        path.write_bytes(meme.data)
        truth = " ".join(word["text"] for word in meme.row["words"])
        memes.append(Drawn(path, style, truth, meme.row["cut"], meme.row["replaced"]))
    return memes


def balanced(memes: list[Drawn], number: int, rng: Random) -> list[Drawn]:
    """So many memes at random, as many of each style, in random order."""
    share = number // len(STYLES)
    by_style = [[meme for meme in memes if meme.style == style] for style in STYLES]
    chosen = [meme for own in by_style for meme in rng.sample(own, min(share, len(own)))]
    rng.shuffle(chosen)
    return chosen


def errors_of(memes: list[Drawn], texts: list[str]) -> dict[str, float]:
    """The mean character error over all, and over each style."""
    found = [(meme.style, character_error(text, meme.truth)) for meme, text in zip(memes, texts, strict=True)]
    by_style = {style: [error for kind, error in found if kind == style] for style in STYLES}
    return {"all": fmean(error for _, error in found), **{kind: fmean(own) for kind, own in by_style.items() if own}}
