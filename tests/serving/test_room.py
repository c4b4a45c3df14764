import asyncio

import pytest

from symptomeme.serving.room import Room


async def holds(room, wanted, entered, may_leave):
    async with room.holding(wanted):
        entered.append(wanted)
        await may_leave.wait()


async def settled():
    for _ in range(5):
        await asyncio.sleep(0)


def test_who_finds_too_little_room_waits_and_nobody_passes_the_one_before():
    async def callers():
        room, entered, leave = Room(10), [], [asyncio.Event() for _ in range(4)]
        tasks = [asyncio.create_task(holds(room, *one)) for one in zip((6, 8, 3, 2), [entered] * 4, leave, strict=True)]
        await settled()
        assert entered == [6]  # 3 would fit, but 8 came before it
        leave[0].set()
        await settled()
        assert entered == [6, 8]
        leave[1].set()
        await settled()
        assert entered == [6, 8, 3, 2]
        for event in leave:
            event.set()
        await asyncio.gather(*tasks)

    asyncio.run(callers())


@pytest.mark.parametrize("gone", ["while it waits", "once it may enter"])
def test_who_goes_away_leaves_all_the_room_it_asked_for(gone):
    async def callers():
        room, entered, leave = Room(10), [], asyncio.Event()
        first = asyncio.create_task(holds(room, 10, entered, leave))
        await settled()
        second, third = (asyncio.create_task(holds(room, wanted, entered, leave)) for wanted in (9, 10))
        await settled()
        leave.set()
        if gone == "once it may enter":
            await first
        second.cancel()
        await asyncio.gather(first, third)
        return entered

    assert asyncio.run(callers())[-1] == 10


def test_what_is_larger_than_all_room_has_all_of_it():
    async def caller():
        async with Room(10).holding(11):
            return True

    assert asyncio.run(caller())
