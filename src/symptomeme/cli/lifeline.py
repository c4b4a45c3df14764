"""A stage runs once at a time, and no longer than the DVC that started it.

DVC does not end a stage when it is killed itself, and the next `dvc repro` would then write the same files beside it.
"""

import fcntl
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

from symptomeme.domain.errors import InputError
from symptomeme.domain.layout import lock

GRACE = 10  # seconds that a stage which is being ended gets to be gone
_DVC_STAGE = "DVC_STAGE"  # DVC sets it for the commands it runs; it is not in DVC's own environment


@contextmanager
def alone(name: str, *, patience: float | None = None) -> Iterator[None]:
    """Hold the lock of a stage; the system lets go of it when the process ends, however it ends.

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
                other = held.read().strip() or "unknown"
                raise InputError(
                    f"{name} is running already (process {other}). Wait until it has ended, or end it: kill {other}"
                )
            time.sleep(0.05)
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        yield


def end_with_dvc() -> None:
    """Watch the DVC that started this process, if one did: when it is gone, end this process and all it started.

    SIGTERM ends it as Ctrl-C does, in order.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if _DVC_STAGE in os.environ and (dvc := _dvc()) is not None:
        threading.Thread(target=_end_with, args=[dvc], daemon=True).start()


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _dvc() -> psutil.Process | None:
    """The nearest ancestor that was not started with this DVC_STAGE: between it and this process stand only shells."""
    for ancestor in psutil.Process().parents():
        try:
            if ancestor.environ().get(_DVC_STAGE) != os.environ[_DVC_STAGE]:
                return ancestor
        except psutil.Error:  # another user's: no shell of this stage
            return ancestor
    return None


def _end_with(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        while process.status() != psutil.STATUS_ZOMBIE:  # dead, but not yet asked for by its own parent
            with suppress(psutil.TimeoutExpired):
                process.wait(timeout=1)
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            child.kill()
    os._exit(1)
