"""Words read from drawn memes: speed against pytesseract as it is used most, and character error.

    python benchmarks/ocr.py ANNOTATIONS_FILE [--memes 400] [--seed 1]

Draws memes with texts chosen at random from an annotation file as published: half outlined (off-white capitals of 18
to 40 pixels over textured scenes), half captions, 640 to 900 pixels wide, JPEG of quality 80. Then reads them, as the
stage `ocr` does with params.yaml. The peers, `pytesseract.image_to_string` with its defaults and with
OMP_THREAD_LIMIT=1, one by one, read a random part, as many of either style, in turns with the product, so that all of
them meet the same other work on the machine. Then a hundredth of the memes is new: reading them is told as a share of
the time of all, and the whole command `symptomeme ocr` in seconds, with them and with nothing new.

The truth is what was drawn, by the drawer's boxes: texts longer than it draws are cut, letters that its font lacks are
replaced, and both are counted. Readings are compared before masking.

Exit code 1 says that a bound is missed: the stage reads 8 times as fast as pytesseract with its defaults and 2.5 times
as fast as with OMP_THREAD_LIMIT=1, with a character error of at most .08 over all memes, .12 over the outlined ones and
.03 over captions, and gives Tesseract at most 1.5 pictures a meme. Those that it is given again, because it refused one
beside them, count again.
"""

import argparse
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Lock
from time import perf_counter
from typing import Any

import pytesseract
from drawn_memes import Drawn, balanced, drawn, errors_of, texts_of
from ocr_again import again
from ocr_bounds import Measured
from PIL import Image

from symptomeme.domain.digests import of_file
from symptomeme.domain.params import read_params
from symptomeme.domain.sections.words import OcrParams
from symptomeme.text.engines import IMAGES_PER_PROCESS, engine_of
from symptomeme.text.ocr import Reading, read_all
from symptomeme.text.tesseract import Sheet, TesseractEngine

ROUNDS = 4
NEW_SHARE = 0.01  # of memes that come to those already read
LIMITS = {"pytesseract": None, "pytesseract, OMP_THREAD_LIMIT=1": "1"}


class Counting(TesseractEngine):
    """Counts the pictures that Tesseract is given, each as often as it is."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.given = 0
        self._lock = Lock()

    def _read_sheets(self, sheets: Iterable[Sheet]) -> list[Reading]:
        def counted() -> Iterator[Sheet]:
            for sheet in sheets:
                with self._lock:
                    self.given += 1
                yield sheet

        return super()._read_sheets(counted())


def counting(params: OcrParams) -> Counting:
    """The engine of these params, counting.

    Raises:
        SystemExit: it is not Tesseract.
    """
    engine = engine_of(params, tesseract=Counting)
    if not isinstance(engine, Counting):
        raise SystemExit(f"ocr.py: params.yaml: ocr.source: {params.source}, and Tesseract is measured here.")
    return engine


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


def main() -> int:
    """Print all figures; say whether every bound holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("annotations", type=Path)
    parser.add_argument("--memes", type=int, default=400)
    parser.add_argument("--peer-memes", type=int, default=40, help="how many each peer reads (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    engine = counting(read_params().ocr)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        memes = drawn(texts_of(arguments.annotations, arguments.memes, arguments.seed), arguments.seed, folder)
        print(f"{len(memes)} memes; {sum(m.cut for m in memes)} cut, {sum(m.replaced > 0 for m in memes)} with '?'")
        chosen = balanced(memes, arguments.peer_memes, Random(arguments.seed))
        missed = measure(engine, memes, chosen, folder / "cache")
    for line in missed:
        print(f"MISSED: {line}")
    return 1 if missed else 0


def measure(engine: Counting, memes: list[Drawn], chosen: list[Drawn], cache: Path) -> list[str]:
    """Print all figures; give a line for each bound that is missed."""
    seconds = dict.fromkeys(["product", *LIMITS], 0.0)
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
    readings = engine.given / len(memes)
    print(f"engine: {engine.settings}; {readings:.2f} readings a meme")
    rates = {name: len(texts[name]) / taken for name, taken in seconds.items()}
    for name, rate in rates.items():
        read = parts if name == "product" else in_turn
        told = ", ".join(f"{kind} {error:.4f}" for kind, error in errors_of(read, texts[name]).items())
        print(f"{name}: {rate:.2f} memes/s; the product reads {rates['product'] / rate:.1f} times as fast")
        print(f"{name}: character error of {len(read)} memes: {told}")
    tell_again(engine, memes, seconds["product"])
    faster = {name: rates["product"] / rates[name] for name in LIMITS}
    return Measured(faster, errors_of(parts, texts["product"]), readings).missed()


def tell_again(engine: Counting, memes: list[Drawn], whole: float) -> None:
    """What a run costs when a few memes are new."""
    new = round(NEW_SHARE * len(memes))

    def read(some: list[Drawn], cache: Path) -> None:
        engine.given = 0
        product(engine, some, cache)

    with tempfile.TemporaryDirectory() as name:
        took = again(engine, memes, new, read, Path(name))
    print(f"{new} new memes: {engine.given} pictures read, {took.reading / whole:.1%} of the time of all")
    print(f"{new} new memes: the whole command takes {took.command:.1f} s, with none {took.idle:.1f} s")


if __name__ == "__main__":
    raise SystemExit(main())
