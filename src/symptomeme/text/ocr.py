"""Reading the words in many pictures: engines behind one seam, in parallel, each picture read once."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Protocol

from diskcache import Cache
from PIL import Image

from symptomeme.data.known import known_picture
from symptomeme.domain.errors import ImageError
from symptomeme.domain.progress import note, progress
from symptomeme.text.kept import kept_in
from symptomeme.text.masking import masked

NOT_READ = "to read its words took too long, and it counts as without."


class Reading(NamedTuple):
    """The words in one picture."""

    text: str
    confidence: float | None  # mean over words, percent; None when there are none
    words: int


class Unread(Reading):
    """No words, as to read them took too long; another time it may not, so that this is never kept."""


def reading_of_given(text: str) -> Reading:
    """A text that came with the meme, as if it had been read."""
    return Reading(text, None, len(text.split()))


def without_persons(reading: Reading) -> Reading:
    """The reading with tokens in place of what leads to a person, see `masking`."""
    text = masked(reading.text)
    return reading._replace(text=text, words=len(text.split()))


class OcrEngine(Protocol):
    """Whatever reads pictures."""

    @property
    def settings(self) -> str:
        """Name, version and everything else that changes what is read."""

    def read(self, pictures: Iterable[Image.Image]) -> list[Reading]:
        """One reading a picture (RGB), in order, whatever stands beside it in the batch; safe to call from threads.

        A picture that takes too long is `Unread`.
        """


Result = Reading | ImageError


def read_all(
    engine: OcrEngine, pictures: Sequence[tuple[str, Path]], *, cache: Path, batch_size: int, workers: int
) -> list[Reading]:
    """Read pictures, but those whose reading is kept in `cache`.

    Readings are kept as each batch ends, so a run that was stopped goes on where it was.

    Args:
        engine: threads share it, so that each waits for one program of its own.
        pictures: SHA-256 and path of each; the same bytes are read once.
        cache: a folder for this engine and these settings only.
        batch_size: the most pictures the engine is given at a time.
        workers: batches in work at a time.

    Returns:
        One reading a picture, in order.

    Raises:
        ImageError: pictures cannot be opened; all others have been read and kept by then.
        ToolError: the engine failed.
    """
    with kept_in(cache) as store:
        paths = dict(pictures)
        readings = {sha256: _from_json(kept) for sha256 in paths if (kept := store.get(sha256)) is not None}
        missing = {sha256: path for sha256, path in paths.items() if sha256 not in readings}
        broken: list[ImageError] = []
        results = _kept(store, _read_batches(engine, missing, batch_size, workers))
        for sha256, result in progress(results, what="reading", unit="picture", total=len(missing)):
            if isinstance(result, ImageError):
                broken.append(result)
            else:
                readings[sha256] = result
    for sha256, path in missing.items():
        if isinstance(readings.get(sha256), Unread):
            note(f"{path}: {NOT_READ} In the graph, 'dvc repro --single-item --force ocr' tries again.")
    if broken:
        raise ImageError(told_of_pictures(broken))
    return [readings[sha256] for sha256, _ in pictures]


def _kept(store: Cache, batches: Iterable[dict[str, Result]]) -> Iterator[tuple[str, Result]]:
    """Each result, once the cache holds all readings of its batch."""
    for batch in batches:
        with store.transact():
            for sha256, result in batch.items():
                if isinstance(result, Reading) and not isinstance(result, Unread):
                    store[sha256] = json.dumps(result._asdict(), ensure_ascii=False)
        yield from batch.items()


def _from_json(kept: str) -> Reading:
    return Reading(**json.loads(kept))


def _read_batches(
    engine: OcrEngine, paths: Mapping[str, Path], batch_size: int, workers: int
) -> Iterator[dict[str, Result]]:
    """Batches in order; when one fails, those behind it are called off."""
    size = min(batch_size, max(1, math.ceil(len(paths) / workers)))
    left = iter(paths.items())
    batches = iter(lambda: list(islice(left, size)), [])
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(partial(_read_batch, engine), batches)


def _read_batch(engine: OcrEngine, batch: list[tuple[str, Path]]) -> dict[str, Result]:
    opened: list[str] = []
    broken: dict[str, ImageError] = {}

    def pictures() -> Iterator[Image.Image]:
        """One at a time, so that a batch of photographs need not fit into memory."""
        for sha256, path in batch:
            try:
                picture = known_picture(path, sha256)
            except ImageError as error:
                broken[sha256] = error
            else:
                opened.append(sha256)
                yield picture

    readings = engine.read(pictures())
    return dict(zip(opened, readings, strict=True)) | broken


def told_of_pictures(broken: list[ImageError]) -> str:
    """One line on all pictures that cannot be opened or have changed."""
    more = f" ({len(broken)} pictures in all)" if len(broken) > 1 else ""
    return f"{min(map(str, broken))}{more} Run it again; in the graph, 'dvc repro'."
