import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import pytest

from symptomeme.serving.batching import ENOUGH, Batcher
from symptomeme.serving.line import Line


class Doubling:
    """A pass that tells what it was given and does not end before it may."""

    def __init__(self) -> None:
        self.given: list[list[int]] = []
        self.may_end = threading.Event()

    def __call__(self, items):
        self.given.append(list(items))
        self.may_end.wait(60)
        if 13 in items:
            raise ValueError("unlucky")
        return [2 * item for item in items]


@pytest.fixture
def executor():
    with ThreadPoolExecutor(1) as pool:
        yield pool


async def begun(run: Doubling, count: int) -> None:
    while len(run.given) < count:
        await asyncio.sleep(0)


def test_what_comes_while_a_pass_runs_makes_up_the_next_and_a_lone_item_waits_for_nobody(executor):
    run = Doubling()

    async def callers():
        batcher = Batcher(executor, most=3)
        first = asyncio.create_task(batcher(run, 0))
        await begun(run, 1)  # alone, though nobody else has come
        others = [asyncio.create_task(batcher(run, item)) for item in range(1, 6)]
        await asyncio.sleep(0)
        run.may_end.set()
        return await asyncio.gather(first, *others)

    assert asyncio.run(callers()) == [0, 2, 4, 6, 8, 10]
    assert run.given == [[0], [1, 2, 3], [4, 5]]


async def others_had_their_turn() -> None:
    for _ in range(100):
        await asyncio.sleep(0)


def with_patience(monkeypatch, seconds: float, callers):
    monkeypatch.setattr("symptomeme.serving.batching.PATIENCE", seconds)

    async def in_time():
        async with asyncio.timeout(20):
            return await callers()

    return asyncio.run(in_time())


def test_while_others_stand_in_the_line_before_a_pass_waits_for_enough(executor, monkeypatch):
    run, line = Doubling(), Line(1)
    run.may_end.set()

    async def callers():
        batcher = Batcher(executor, most=8, before=line)
        with line.joined():
            assert await batcher(run, 0) == 0  # nobody stands behind the one that is served
            with line.joined():
                few = [asyncio.create_task(batcher(run, item)) for item in range(1, ENOUGH)]
                await others_had_their_turn()
                assert run.given == [[0]]
                await asyncio.gather(*few, batcher(run, ENOUGH))

    with_patience(monkeypatch, 600, callers)
    assert run.given == [[0], [*range(1, ENOUGH + 1)]]


def test_a_pass_waits_for_nobody_once_the_line_is_empty_or_it_is_full(executor, monkeypatch):
    run, line = Doubling(), Line(0)
    run.may_end.set()

    async def callers():
        batcher = Batcher(executor, most=2, before=line)
        with line.joined():
            waits = asyncio.create_task(batcher(run, 1))
            await others_had_their_turn()
            assert run.given == []
        assert await waits == 2
        with line.joined():
            assert await asyncio.gather(batcher(run, 2), batcher(run, 3)) == [4, 6]

    with_patience(monkeypatch, 600, callers)


def test_enough_for_one_pass_are_not_kept_waiting_by_a_lone_item_for_another(executor, monkeypatch):
    one, other, line = Doubling(), Doubling(), Line(0)
    one.may_end.set()
    other.may_end.set()

    async def callers():
        batcher = Batcher(executor, most=8, before=line)
        with line.joined():
            lone = asyncio.create_task(batcher(one, 0))
            await asyncio.gather(*(batcher(other, item) for item in range(ENOUGH)))
            return await lone

    assert with_patience(monkeypatch, 600, callers) == 0
    assert (one.given, other.given) == ([[0]], [[*range(ENOUGH)]])


def test_patience_is_counted_from_an_items_coming_and_who_goes_is_not_waited_for(executor, monkeypatch):
    run, line = Doubling(), Line(0)
    run.may_end.set()

    async def callers():
        batcher = Batcher(executor, most=8, before=line)
        with line.joined():
            gone, stays = (asyncio.create_task(batcher(run, item)) for item in (1, 2))
            await others_had_their_turn()
            assert run.given == []
            gone.cancel()
            return await stays

    assert with_patience(monkeypatch, 0.5, callers) == 4
    assert run.given == [[2]]


def test_items_meet_only_those_for_the_same_pass(executor):
    one, other = Doubling(), Doubling()

    async def callers():
        batcher = Batcher(executor, most=8)
        tasks = [asyncio.create_task(batcher(one, 0))]
        await begun(one, 1)
        tasks += [asyncio.create_task(batcher(run, item)) for item, run in enumerate([other, one, other, one], 1)]
        await asyncio.sleep(0)
        one.may_end.set()
        other.may_end.set()
        return await asyncio.gather(*tasks)

    assert asyncio.run(callers()) == [0, 2, 4, 6, 8]
    assert (one.given, other.given) == ([[0], [2, 4]], [[1, 3]])


def test_one_that_fails_takes_no_other_with_it(executor):
    run = Doubling()
    run.may_end.set()

    async def callers():
        batcher = Batcher(executor, most=8)
        tasks = [asyncio.create_task(batcher(run, item)) for item in (1, 13, 2)]
        return await asyncio.gather(*tasks, return_exceptions=True)

    one, unlucky, two = asyncio.run(callers())
    assert (one, two, str(unlucky)) == (2, 4, "unlucky")


def test_who_has_gone_away_is_in_no_pass(executor):
    run = Doubling()

    async def callers():
        batcher = Batcher(executor, most=8)
        first = asyncio.create_task(batcher(run, 0))
        await begun(run, 1)
        gone, stays = (asyncio.create_task(batcher(run, item)) for item in (1, 2))
        await asyncio.sleep(0)
        gone.cancel()
        run.may_end.set()
        return await asyncio.gather(first, stays)

    assert asyncio.run(callers()) == [0, 4]
    assert run.given == [[0], [2]]


def test_who_goes_while_its_pass_runs_is_let_go_when_the_pass_has_ended(executor):
    run = Doubling()

    async def callers():
        gone = asyncio.create_task(Batcher(executor, most=8)(run, 0))
        await begun(run, 1)
        gone.cancel()
        for _ in range(5):
            await asyncio.sleep(0)
        assert not gone.done()
        run.may_end.set()
        await asyncio.wait([gone])
        assert gone.cancelled()

    asyncio.run(callers())


def test_later_passes_know_nothing_of_the_caller_who_came_first():
    caller, seen = ContextVar("caller", default=None), []
    run = Doubling()

    class Seeing(ThreadPoolExecutor):
        def submit(self, *given, **more):
            seen.append(caller.get())
            return super().submit(*given, **more)

    async def first(batcher):
        caller.set("first")
        return await batcher(run, 0)

    async def callers(executor):
        batcher = Batcher(executor, most=1)
        tasks = [asyncio.create_task(first(batcher))]
        await begun(run, 1)
        tasks.append(asyncio.create_task(batcher(run, 1)))
        await asyncio.sleep(0)
        run.may_end.set()
        await asyncio.gather(*tasks)

    with Seeing(1) as executor:
        asyncio.run(callers(executor))
    assert seen == [None, None]


def test_nobody_waits_for_ever_when_the_executor_ends(executor):
    run, may_end = Doubling(), threading.Event()

    async def callers():
        batcher = Batcher(executor, most=1)
        executor.submit(may_end.wait, 60)  # another's, so that no pass can begin
        tasks = [asyncio.create_task(batcher(run, item)) for item in range(2)]
        await asyncio.sleep(0.01)
        executor.shutdown(wait=False, cancel_futures=True)
        may_end.set()
        async with asyncio.timeout(10):
            return await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(told) for told in asyncio.run(callers())] == [asyncio.CancelledError] * 2
    assert run.given == []
