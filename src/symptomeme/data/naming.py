"""Names of memes: which ids may become file names, how keys are built, and the order people expect them in."""

import re
from pathlib import PurePath

SAFE_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


def key_of(origin: str, meme_id: str) -> str:
    """The name that is unique in a task: ids repeat between the published splits."""
    return f"{origin}/{meme_id}"


def natural(key: str) -> tuple[list[str | int], str]:
    """Sort key that puts TR-2 before TR-10."""
    parts = re.split(r"([0-9]+)", key)
    return [int(part) if place % 2 else part for place, part in enumerate(parts)], key


def printable(name: str | PurePath) -> str:
    """A stranger's file name, safe to print on a terminal, and on one line."""
    return "".join(char if char.isprintable() else "?" for char in str(name))
