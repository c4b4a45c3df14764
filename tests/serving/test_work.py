import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

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
