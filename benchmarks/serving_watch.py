"""Processor time and memory of a server with everything that it has started."""

import threading
from typing import Any

import psutil

EVERY = 0.25  # seconds between two looks at memory


def cpu_seconds(root: psutil.Process) -> float:
    """Processor seconds of a tree until now.

    Each living process's own, and what the system has added to it for children that ended and were waited for: so a
    Tesseract that ran for one meme counts as one that stays does. Between two calls nobody may leave the tree
    without being waited for.
    """
    total = 0.0
    for process in tree(root):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        # Linux and macOS tell of ended children; elsewhere these are 0
        total += times.user + times.system + times.children_user + times.children_system
    return total


def memory_bytes(root: psutil.Process) -> int:
    """Resident bytes of a tree: pages that several share are counted once (PSS), where the system tells."""
    return sum(_memory(process) for process in tree(root))


def tree(root: psutil.Process) -> list[psutil.Process]:
    """A process and all below it; empty when it is gone."""
    try:
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []


def _memory(process: psutil.Process) -> int:
    try:
        told: Any = process.memory_full_info()
    except psutil.AccessDenied:
        told = process.memory_info()
    except psutil.Error:
        return 0
    # where there is no PSS (macOS), what a process has alone
    return int(next(getattr(told, name) for name in ("pss", "uss", "rss") if hasattr(told, name)))


class Watch:
    """Looks at a tree's memory, from a thread, while its block runs."""

    def __init__(self, root: psutil.Process) -> None:
        """Note what it has used until now."""
        self._root, self._ended = root, threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
        self.peak = memory_bytes(root)
        self.cpu = 0.0

    def __enter__(self) -> "Watch":
        """Begin to look."""
        self._before = cpu_seconds(self._root)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look once more, and end."""
        self._ended.set()
        self._thread.join()
        self.cpu = cpu_seconds(self._root) - self._before

    def _look(self) -> None:
        while True:
            self.peak = max(self.peak, memory_bytes(self._root))
            if self._ended.wait(EVERY):
                return
