"""A stage runs no longer than the DVC that started it.

DVC does not end a stage when it is killed itself, and the next `dvc repro` would then write the same files beside it.
"""

import os
import signal
import threading
from contextlib import suppress

import psutil

_DVC_STAGE = "DVC_STAGE"  # DVC sets it for the commands it runs; it is not in DVC's own environment


def started_by_dvc() -> bool:
    """Whether this process is a stage that DVC runs."""
    return _DVC_STAGE in os.environ


def end_with_dvc() -> None:
    """Watch the DVC that started this process, if one did: when it is gone, end this process and all it started.

    SIGTERM ends it as Ctrl-C does, in order.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if started_by_dvc() and (dvc := _dvc()) is not None:
        threading.Thread(target=_end_with, args=[dvc], daemon=True).start()


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
