import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from symptomeme.serving.batching import Batcher
from symptomeme.serving.sharing import Flight
from symptomeme.serving.work import in_thread, together


def test_who_is_cancelled_is_let_go_once_the_thread_needs_nothing_more_and_what_has_not_begun_never_does():
    begun, may_end, done = threading.Event(), threading.Event(), []

    def work(name):
        begun.set()
        may_end.wait(60)
        done.append(name)

    async def callers():
        with ThreadPoolExecutor(1) as pool:
            runs, waits = (asyncio.create_task(in_thread(pool, work, name)) for name in ("runs", "waits"))
            await asyncio.to_thread(begun.wait, 60)
            runs.cancel()
            waits.cancel()
            await asyncio.wait([waits])
            assert not runs.done()
            may_end.set()
            await asyncio.wait([runs])
            assert runs.cancelled()

    asyncio.run(callers())
    assert done == ["runs"]


def test_when_one_of_several_fails_the_others_are_called_off_and_its_own_error_is_raised():
    seen = []

    async def fails():
        await asyncio.sleep(0)
        raise ValueError("unlucky")

    async def waits():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("called off")
            raise

    with pytest.raises(ValueError, match="unlucky"):
        asyncio.run(together([waits(), fails()]))
    assert seen == ["called off"]


def test_results_of_several_come_in_their_order():
    async def gives(value, turns):
        for _ in range(turns):
            await asyncio.sleep(0)
        return value

    assert asyncio.run(together(gives(value, 3 - value) for value in range(3))) == [0, 1, 2]


WAITING = {
    "in a thread": lambda pool, work: in_thread(pool, work, []),
    "in a batch": lambda pool, work: Batcher(pool, most=1)(work, "item"),
    "shared": lambda pool, work: Flight(lambda _: in_thread(pool, work, [])).result(),
}


@pytest.mark.parametrize("way", WAITING)
def test_what_fails_after_its_caller_has_gone_is_not_logged_with_its_message(way):
    begun, may_end, told = threading.Event(), threading.Event(), []

    def work(_):
        begun.set()
        may_end.wait(60)
        raise ValueError("words of a meme")

    async def callers():
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["message"]))
        with ThreadPoolExecutor(1) as pool:
            gone = asyncio.create_task(WAITING[way](pool, work))
            await asyncio.to_thread(begun.wait, 60)
            gone.cancel()
            await asyncio.sleep(0)
            may_end.set()
            await asyncio.wait([gone])
            assert gone.cancelled()
        for _ in range(9):
            await asyncio.sleep(0)  # what was shared fails
        gc.collect()

    asyncio.run(callers())
    gc.collect()
    assert told == []
