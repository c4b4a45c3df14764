"""Processes that share the work on many items; they leave Ctrl-C to their parent and end with it, however it ends."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TypeVar

from symptomeme.domain.errors import ToolError

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_workers(work: Callable[[Item], Result], items: Sequence[Item], *, workers: int, chunk: int) -> Iterator[Result]:
    """What `work` makes of each item, in order.

    Args:
        work: a function at the top of a module.
        items: what it is given, one at a time.
        workers: processes.
        chunk: items that one is handed at once.

    Raises:
        ToolError: a process has ended before its work was done.
    """
    # spawned: a fork would copy the locks of threads that libraries run in this process
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start)
    try:
        with held_back():  # the pool starts its processes as work is handed in
            results = pool.map(work, items, chunksize=chunk)
        yield from results
    except BrokenProcessPool:
        raise ToolError(
            "a process that shared the work has ended before it was done: memory may be short, or one of the files "
            "brings it down. Close other programs and run it again."
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def held_back() -> Iterator[None]:
    """Keep interrupts from the processes that this thread starts meanwhile, for good, and from itself until the end.

    Else a worker that is interrupted while it imports prints a traceback, as its own code does not run yet. An
    interrupt that another thread takes is still raised at once: what the processes inherit does not depend on it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
