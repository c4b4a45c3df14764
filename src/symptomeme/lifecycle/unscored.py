"""Memes that somebody wants scored or compared: a folder of pictures, or a Parquet table."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from symptomeme.domain.errors import InputError

SUFFIXES = {".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff"}
_KEYS = ("key", "id")


class Meme(NamedTuple):
    """One meme: what it is called, where its picture lies or what it is, and what came with it."""

    key: str
    image: Path | bytes
    text: str | None = None
    reasoning: str | None = None


def memes_in(source: Path) -> list[Meme]:
    """Memes in a folder, by their paths in it, or in a Parquet table, in its order.

    A table has a column `image`: paths from the current folder or the table's, or bytes, or what Hugging Face's
    `datasets` makes of pictures. `key` or `id` names a meme; without one its row does. `given_text` and
    `given_reasoning` may be there.

    Raises:
        InputError: it is neither, the table has no such column, or two memes have one name.
    """
    if source.is_dir():
        found = sorted(path for path in source.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
        memes = [Meme(path.relative_to(source).as_posix(), path) for path in found]
    else:
        memes = _of_table(source)
    if len({meme.key for meme in memes}) < len(memes):
        raise InputError(f"{source}: two memes have the same key. Give each its own, or leave the column out.")
    return memes


@contextmanager
def as_files(memes: list[Meme]) -> Iterator[list[Path]]:
    """A path for each picture, for as long as the block lasts."""
    with TemporaryDirectory(prefix="symptomeme-score-") as scratch:
        paths = []
        for index, meme in enumerate(memes):
            if isinstance(meme.image, Path):
                paths.append(meme.image)
            else:
                paths.append(Path(scratch) / str(index))
                paths[-1].write_bytes(meme.image)
        yield paths


def _of_table(source: Path) -> list[Meme]:
    if not source.is_file():
        raise InputError(f"{source} is missing. Name a folder with pictures, or a Parquet table.")
    try:
        table = pq.read_table(source)
    except (pa.ArrowException, OSError):
        raise InputError(f"{source} is no whole Parquet table. Name another, or a folder with pictures.") from None
    if "image" not in table.column_names:
        raise InputError(f"{source} has no column 'image'; it has {', '.join(table.column_names)}. Name it so.")
    keys = next((table.column(name).to_pylist() for name in _KEYS if name in table.column_names), None)
    names = range(len(table)) if keys is None else keys
    images = [_image(image, source, row) for row, image in enumerate(table.column("image").to_pylist())]
    columns = zip(names, images, _given(table, "given_text"), _given(table, "given_reasoning"), strict=True)
    return [Meme(str(name), image, text, reasoning) for name, image, text, reasoning in columns]


def _given(table: pa.Table, column: str) -> list[str] | list[None]:
    """What came with each meme, empty where nothing did; None where the table does not tell."""
    if column not in table.column_names:
        return [None] * len(table)
    return [value or "" for value in table.column(column).to_pylist()]


def _image(value: Any, source: Path, row: int) -> Path | bytes:
    if isinstance(value, dict):
        value = value.get("bytes") or value.get("path")
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise InputError(f"{source}: row {row} has no picture. Give a path or bytes in 'image'.")
    path = Path(value)
    return path if path.exists() else source.parent / path
