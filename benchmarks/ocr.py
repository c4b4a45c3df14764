"""Words read from drawn memes: speed against pytesseract as it is used most, and character error.

    python benchmarks/ocr.py ANNOTATIONS_FILE [--memes 400] [--seed 1]

Draws memes with texts chosen at random from an annotation file as published: half outlined (off-white capitals of 18
to 40 pixels over textured scenes), half captions, 640 to 900 pixels wide, JPEG of quality 80. Then reads them, as the
stage `ocr` does with params.yaml. The peers, `pytesseract.image_to_string` with its defaults and with
OMP_THREAD_LIMIT=1, one by one, read a random part in turns with the product, so that all of them meet the same other
work on the machine.

The truth is what was drawn, by the drawer's boxes: texts longer than it draws are cut, letters that its font lacks are
replaced, and both are counted. Readings are compared before masking.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import fmean
from time import perf_counter
from typing import NamedTuple

import pytesseract
from PIL import Image

from symptomeme.domain.digests import of_file
from symptomeme.domain.params import read_params
from symptomeme.sample.draw import Order, draw_meme
from symptomeme.sample.styles import Style
from symptomeme.text.engines import IMAGES_PER_PROCESS, engine_of
from symptomeme.text.ocr import Reading, read_all
from symptomeme.text.quality import character_error

STYLES: tuple[Style, ...] = ("outlined", "caption")
ROUNDS = 4
NEW_SHARE = 0.01  # of memes that come to those already read
LIMITS = {"pytesseract": None, "pytesseract, OMP_THREAD_LIMIT=1": "1"}


class Drawn(NamedTuple):
    """A meme in a file."""

    path: Path
    style: Style
    truth: str
    cut: bool
    replaced: int


class Counting:
    """An engine that counts the pictures it is given."""

    def __init__(self) -> None:
        self.engine = engine_of(read_params().ocr)
        self.settings = self.engine.settings
        self.read_pictures = 0

    def read(self, pictures: Iterable[Image.Image]) -> list[Reading]:
        """As the engine reads."""
        readings = self.engine.read(pictures)
        self.read_pictures += len(readings)
        return readings


def drawn(file: Path, number: int, seed: int, folder: Path) -> list[Drawn]:
    texts = [str(record["ocr_text"]) for record in json.loads(file.read_text(encoding="utf-8")) if record["ocr_text"]]
    memes = []
    for place, text in enumerate(Random(seed).sample(texts, number)):
        style = STYLES[place % len(STYLES)]
        order = Order(key=f"{seed}/{place}", text=text, style=style, widths=(640, 900), capitals=(18, 40), quality=80)
        meme = draw_meme(order)
        path = folder / f"{place}.jpg"
        path.write_bytes(meme.data)
        truth = " ".join(word["text"] for word in meme.row["words"])
        memes.append(Drawn(path, style, truth, meme.row["cut"], meme.row["replaced"]))
    return memes


def product(engine: Counting, memes: list[Drawn], cache: Path) -> list[Reading]:
    """As the stage `ocr` reads."""
    pictures = [(of_file(meme.path), meme.path) for meme in memes]
    return read_all(engine, pictures, cache=cache, batch_size=IMAGES_PER_PROCESS, workers=os.cpu_count() or 1)


@contextmanager
def thread_limit(limit: str | None) -> Iterator[None]:
    """What pytesseract's processes are told of threads."""
    before = pytesseract.pytesseract.environ
    own = {name: value for name, value in os.environ.items() if name != "OMP_THREAD_LIMIT"}
    pytesseract.pytesseract.environ = own if limit is None else {**own, "OMP_THREAD_LIMIT": limit}
    yield
    pytesseract.pytesseract.environ = before


def peer(limit: str | None, memes: list[Drawn]) -> list[str]:
    with thread_limit(limit):
        return [str(pytesseract.image_to_string(Image.open(meme.path))) for meme in memes]


def errors(name: str, memes: list[Drawn], texts: list[str]) -> None:
    found = [(meme.style, character_error(text, meme.truth)) for meme, text in zip(memes, texts, strict=True)]
    styles = ", ".join(f"{style} {fmean(error for kind, error in found if kind == style):.4f}" for style in STYLES)
    print(f"{name}: character error {fmean(error for _, error in found):.4f} ({styles}), {len(found)} memes")


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("annotations", type=Path)
    parser.add_argument("--memes", type=int, default=400)
    parser.add_argument("--peer-memes", type=int, default=40, help="how many each peer reads (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        memes = drawn(arguments.annotations, arguments.memes, arguments.seed, folder)
        print(f"{len(memes)} memes; {sum(m.cut for m in memes)} cut, {sum(m.replaced > 0 for m in memes)} with '?'")
        measure(memes, min(arguments.peer_memes, len(memes)), Random(arguments.seed), folder / "cache")


def measure(memes: list[Drawn], peer_memes: int, rng: Random, cache: Path) -> None:
    engine = Counting()
    seconds = dict.fromkeys(["product", *LIMITS], 0.0)
    chosen = rng.sample(memes, peer_memes)
    texts: dict[str, list[str]] = {name: [] for name in seconds}
    in_turn: list[Drawn] = []
    parts: list[Drawn] = []
    for turn in range(ROUNDS):
        part, some = memes[turn::ROUNDS], chosen[turn::ROUNDS]
        parts += part
        in_turn += some
        start = perf_counter()
        texts["product"] += [reading.text for reading in product(engine, part, cache)]
        seconds["product"] += perf_counter() - start
        for name, limit in LIMITS.items():
            start = perf_counter()
            texts[name] += peer(limit, some)
            seconds[name] += perf_counter() - start
    print(f"engine: {engine.settings}; {engine.read_pictures / len(memes):.2f} readings a meme")
    rates = {name: len(texts[name]) / taken for name, taken in seconds.items()}
    for name, rate in rates.items():
        print(f"{name}: {rate:.2f} memes/s; the product reads {rates['product'] / rate:.1f} times as fast")
        errors(name, parts if name == "product" else in_turn, texts[name])
    again(engine, memes, seconds["product"])


def again(engine: Counting, memes: list[Drawn], whole: float) -> None:
    """What a run costs when a few memes are new."""
    new = round(NEW_SHARE * len(memes))
    with tempfile.TemporaryDirectory() as name:
        product(engine, memes[new:], Path(name))
        engine.read_pictures = 0
        start = perf_counter()
        product(engine, memes, Path(name))
        taken = perf_counter() - start
    print(f"{new} new memes: {engine.read_pictures} pictures read, {taken / whole:.1%} of the time of all")


if __name__ == "__main__":
    main()
