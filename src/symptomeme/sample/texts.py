"""The sample's words: texts written for it, and the short frames memes put them in.

A text narrows to its group of two or three symptoms and belongs to one setting; nothing in it tells them further apart.
"""

from dataclasses import dataclass
from importlib.resources import files
from random import Random
from typing import NamedTuple

import yaml

FRAMES = (
    "{}",
    "me: {}",
    "me again: {}",
    "also me: {}",
    "pov: {}",
    "mood: {}",
    "current mood: {}",
    "nobody: me: {}",
    "absolutely nobody: me: {}",
    "that moment: {}",
    "status: {}",
    "today: {}",
    "update: {}",
    "breaking news: {}",
    "dear diary: {}",
    "fun fact: {}",
    "plot twist: {}",
    "same story: {}",
    "friends: how are you? me: {}",
    "my week in one line: {}",
    "meanwhile: {}",
    "live from my head: {}",
    "to whom it may concern: {}",
    "note to all: {}",
)
"""Ways to put a text; the first is the plain text."""


class Core(NamedTuple):
    """A text before it is framed."""

    setting: str
    text: str


@dataclass(frozen=True)
class Group:
    """Symptoms that the words alone do not tell apart, and the texts that express them."""

    symptoms: tuple[str, ...]
    cores: tuple[Core, ...]


def read_groups(task: str) -> list[Group]:
    """The groups of texts of one task, in the file's order."""
    found = yaml.safe_load(files("symptomeme.sample").joinpath("texts", f"{task}.yaml").read_text(encoding="utf-8"))
    return [
        Group(
            symptoms=tuple(group["symptoms"]),
            cores=tuple(Core(setting, text) for setting, texts in group["texts"].items() for text in texts),
        )
        for group in found["groups"]
    ]


def framed(core: Core, rng: Random, *, count: int) -> list[str]:
    """The text in `count` different frames."""
    return [frame.format(core.text) for frame in rng.sample(FRAMES, count)]
