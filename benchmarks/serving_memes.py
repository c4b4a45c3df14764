"""Memes drawn for the serving benchmark, and in which order they are sent."""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from typing import NamedTuple

from symptomeme.domain.labels import TASKS
from symptomeme.domain.layout import CACHE
from symptomeme.domain.progress import progress
from symptomeme.domain.writing import replacing
from symptomeme.sample.draw import VERSION, Order, draw_meme
from symptomeme.sample.texts import framed, read_groups

PLACE = CACHE / "benchmarks" / "serving"
MEMES = PLACE / f"memes-{VERSION}"


class Meme(NamedTuple):
    """A drawn meme's file, and the words that were drawn."""

    data: bytes
    text: str


def drawn_memes(count: int) -> list[Meme]:
    """So many different memes; those that an earlier run has drawn are there already."""
    missing = [number for number in range(count) if not _file(number).is_file()]
    print(f"{count} memes, {len(missing)} of them to be drawn", flush=True)
    if missing:
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            for _ in progress(pool.map(_draw, missing), what="drawing", total=len(missing)):
                pass
    return [_read(number) for number in range(count)]


def order_of(number: int) -> Order:
    """What is drawn under this number: words of either task, any style and size of the sample's."""
    rng = Random(f"serving {number}")
    group = rng.choice(read_groups(rng.choice(list(TASKS))))
    core = rng.choice(group.cores)
    return Order(key=f"serving/{number}", text=framed(core, rng, count=1)[0], setting=core.setting)


def schedule(count: int, repeats: float) -> Iterator[int]:
    """Which meme each request sends: the next new one, or for this share of requests any that was sent; ends with them.

    Args:
        count: of memes.
        repeats: share of requests, under 1: with 0.5 every second one.
    """
    rng, new, total = Random("repeats"), 0, 0
    while True:
        if new and total - new + 1 <= repeats * (total + 1):
            yield rng.randrange(new)
        elif new < count:
            yield new
            new += 1
        else:
            return
        total += 1


def _file(number: int) -> Path:
    return MEMES / f"{number}.image"


def _draw(number: int) -> None:
    order = order_of(number)
    _file(number).with_suffix(".json").parent.mkdir(parents=True, exist_ok=True)
    _file(number).with_suffix(".json").write_text(json.dumps(order.text), encoding="utf-8")
    with replacing(_file(number)) as beside:
        beside.write_bytes(draw_meme(order).data)


def _read(number: int) -> Meme:
    told = _file(number).with_suffix(".json").read_text(encoding="utf-8")
    return Meme(_file(number).read_bytes(), json.loads(told))
