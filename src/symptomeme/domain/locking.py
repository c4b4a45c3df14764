"""What runs once at a time in a project."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from symptomeme.domain.errors import InputError
from symptomeme.domain.layout import lock
from symptomeme.domain.writing import telling_of_room

GRACE = 10  # seconds that a stage which is being ended gets to be gone


@contextmanager
def alone(name: str, *, patience: float | None = None) -> Iterator[None]:
    """Hold the lock of a stage or another step; the system lets go of it when the process ends, however it ends.

    Args:
        name: of the lock.
        patience: seconds that it is waited for; None: GRACE.

    Raises:
        InputError: another process holds it, and still does after that.
    """
    path = lock(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as held:
        until = time.monotonic() + (GRACE if patience is None else patience)
        while not _taken(held.fileno()):
            if time.monotonic() > until:
                held.seek(0)
                process, _, since = held.read().partition(" ")
                raise InputError(
                    f"{name} is running already (process {process or 'unknown'}, since {since or 'unknown'}). "
                    f"Wait until it has ended, or end it: kill {process or 'PROCESS'}"
                )
            time.sleep(0.05)
        held.truncate(0)
        with telling_of_room(path, within=path.parent):
            os.write(held.fileno(), f"{os.getpid()} {datetime.now(UTC).isoformat(timespec='seconds')}".encode())
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
