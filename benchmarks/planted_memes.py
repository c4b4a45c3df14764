"""Memes of the sample that show one symbol, and where it stands."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from symptomeme.domain.labels import Task
from symptomeme.domain.layout import dataset_paths
from symptomeme.evaluation.views import leaked
from symptomeme.explaining.patches import Box
from symptomeme.learning.batches import read_memes
from symptomeme.sample.draw import draw_meme
from symptomeme.sample.memes import clean_memes
from symptomeme.sample.symbols import SYMBOLS


class Planted(NamedTuple):
    """A meme, and where its symbol stands."""

    picture: Path | bytes
    text: str
    label: str  # whose symbol it is
    box: Box


def planted(task: Task, count: int) -> list[Planted]:
    """The first memes of the leak-free test split with one symbol, and the text that was read."""
    memes = read_memes(task)
    memes = memes[(memes.split == "test") & ~leaked(memes)]
    rows = {row["key"]: row for row in _boxes(task)}
    found = [
        _planted(task, Path(str(meme.image)), str(meme.text), rows[str(meme.key)])
        for meme in memes.itertuples()
        if len(rows[str(meme.key)]["symbols"]) == 1
    ]
    if len(found) < count:
        raise SystemExit(f"{task.name}: {len(found)} test memes show one symbol, {count} are needed. Run 'make demo'.")
    return found[:count]


def drawn_anew(task: Task, count: int, *, seed: int) -> list[Planted]:
    """The first test memes with one symbol of a sample with another seed, and the text that is drawn."""
    orders = [meme.order for meme in clean_memes(task, seed=seed) if meme.row.split == "test"]
    chosen = [order for order in orders if len(order.symbols) == 1][:count]
    drawn = [draw_meme(order) for order in chosen]
    return [_planted(task, meme.data, order.text, meme.row) for order, meme in zip(chosen, drawn, strict=True)]


def _planted(task: Task, picture: Path | bytes, text: str, row: dict[str, Any]) -> Planted:
    (symbol,) = row["symbols"]
    labels = {SYMBOLS[label].name: label for label in task.labels}
    return Planted(picture, text, labels[symbol["name"]], tuple(symbol["box"]))


def _boxes(task: Task) -> Iterator[dict[str, Any]]:
    """What the drawer wrote of the test memes."""
    path = dataset_paths(task.dataset).boxes("test")
    if not path.is_file():
        raise SystemExit(f"{path} is missing: only drawn memes have it. Run 'make demo'.")
    return map(json.loads, path.read_text(encoding="utf-8").splitlines())
