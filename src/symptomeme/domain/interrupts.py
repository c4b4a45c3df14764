"""Ctrl-C, which a terminal sends to every process of a group at once."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_back() -> Iterator[None]:
    """Have an interrupt of this thread wait until the end; processes that are started meanwhile never see one.

    Else a worker that is interrupted while it imports prints a traceback, as its own code does not run yet.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
