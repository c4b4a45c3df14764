"""Work that somebody waits for: called off when they go, unless it has begun; then it ends before they are let go."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Executor
from typing import Any, TypeVar

Result = TypeVar("Result")


async def shielded(work: "asyncio.Future[Result]") -> Result:
    """The result of work that goes on when who awaits it is cancelled; its fault, then nobody's, is not logged."""
    work.add_done_callback(_look_at_fault)
    return await asyncio.shield(work)


async def ended(work: "asyncio.Future[Result]", *, call_off: Callable[[], bool]) -> Result:
    """The result of work. Who is cancelled holds on to what the work uses until it uses it no more.

    Args:
        work: it.
        call_off: keeps it from beginning; tells whether that came in time.
    """
    try:
        return await shielded(work)
    except asyncio.CancelledError:
        if not work.done() and not call_off():
            await asyncio.wait({work})
        raise


async def in_thread(pool: Executor, call: Callable[..., Result], *given: Any) -> Result:
    """What a call returns that waits for a thread of a pool; `ended` says what becomes of it.

    Raises:
        RuntimeError: the pool has been shut down.
    """
    begun = pool.submit(call, *given)
    return await ended(asyncio.wrap_future(begun), call_off=begun.cancel)


async def together(works: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """The results of all, in order. When one fails the others are called off, and its error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


def _look_at_fault(work: "asyncio.Future[Any]") -> None:
    """Keep asyncio from logging it, with its message, as one that was never retrieved."""
    if not work.cancelled():
        work.exception()
