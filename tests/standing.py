"""Which versions are champion and live in a small project, from one moment to the next."""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

from running import PATIENCE


@contextmanager
def watched(root: Path) -> Iterator["Future[set[tuple[str | None, str]]]"]:
    """Which versions were champion and live, each pair that there was from when the block begins until it ends."""
    over = Event()

    def look() -> set[tuple[str | None, str]]:
        found = set()
        while not over.wait(0.01):
            found.add((alias(root, "champion"), live(root)))
        return found

    with ThreadPoolExecutor(1) as pool:
        try:
            yield pool.submit(look)
        finally:
            over.set()


def alias(root: Path, name: str) -> str | None:
    """The version that an alias points to."""
    with closing(sqlite3.connect(root / "mlruns.db", timeout=PATIENCE)) as registry:
        found = registry.execute("select version from registered_model_aliases where alias = ?", [name]).fetchone()
    return None if found is None else str(found[0])


def live(root: Path) -> str:
    """The version that is served."""
    return str(json.loads((root / "state/live.json").read_text())["models"]["depression"]["version"])
