"""Who waits for an answer, goes before there is one, or still waits when the service ends."""

import asyncio
import io
from typing import Any

import pytest
from held_back import PATIENCE, Answers, HeldBack, answered_once_there_is_a_place, ask, grown, looked_up, until
from PIL import Image

from symptomeme.serving.answering import Busy, Ended
from symptomeme.serving.following import Models
from symptomeme.serving.self_test import drawn


def test_more_images_than_may_wait_are_refused(answers: Answers, models: Models, reading: HeldBack) -> None:
    async def callers() -> None:
        answering = answers(hold=reading, queue=2)
        waiting = [asyncio.create_task(ask(answering, models, drawn())) for _ in range(2)]
        await until(lambda: len(reading.given) == 1)
        with pytest.raises(Busy, match="2 images wait already"):
            await ask(answering, models, drawn())
        reading.may_go_on.set()
        await asyncio.gather(*waiting)
        await ask(answering, models, drawn())

    asyncio.run(callers())


def test_who_goes_before_the_reading_begins_leaves_nothing_behind(
    answers: Answers, models: Models, reading: HeldBack
) -> None:
    async def callers() -> None:
        answering = answers(hold=reading, queue=2)
        first = asyncio.create_task(ask(answering, models, drawn()))
        await until(lambda: len(reading.given) == 1)
        gone = asyncio.create_task(ask(answering, models, drawn()))
        await until(lambda: sum(grown("words", before).values()) == 2)
        gone.cancel()
        await asyncio.wait([gone])
        third = asyncio.create_task(answered_once_there_is_a_place(lambda: ask(answering, models, drawn())))
        await asyncio.sleep(0.01)
        reading.may_go_on.set()
        await asyncio.gather(first, third)

    before = looked_up("words")
    asyncio.run(callers())
    assert len(reading.given) == 2


def test_a_reading_that_nobody_waits_for_keeps_its_place_until_it_ends(
    answers: Answers, models: Models, reading: HeldBack
) -> None:
    async def callers() -> None:
        answering = answers(hold=reading, queue=1)
        gone = asyncio.create_task(ask(answering, models, drawn()))
        await until(lambda: len(reading.given) == 1)
        gone.cancel()
        await asyncio.wait([gone])
        with pytest.raises(Busy):
            await ask(answering, models, drawn())
        reading.may_go_on.set()
        await answered_once_there_is_a_place(lambda: ask(answering, models, drawn()))

    asyncio.run(callers())


def test_pictures_that_are_still_read_keep_their_room(answers: Answers, models: Models, reading: HeldBack) -> None:
    def large(grey: int) -> bytes:
        data = io.BytesIO()
        Image.new("L", (316, 316), grey).save(data, "PNG")  # two fit into twice 100,000 pixels
        return data.getvalue()

    async def callers() -> None:
        answering = answers(hold=reading, max_pixels=100_000, ocr_workers=3)
        gone = [asyncio.create_task(ask(answering, models, large(grey))) for grey in (1, 2)]
        await until(lambda: len(reading.given) == 2)
        for one in gone:
            one.cancel()
        third = asyncio.create_task(ask(answering, models, large(3)))
        await until(lambda: grown("words", before) == {"miss": 3})
        await asyncio.sleep(0.3)  # it would be with the third reader by now
        assert len(reading.given) == 2
        reading.may_go_on.set()
        await third

    before = looked_up("words")
    asyncio.run(callers())
    assert len(reading.given) == 3


def test_who_goes_before_the_forward_pass_is_in_none(answers: Answers, models: Models, predicting: HeldBack) -> None:
    async def callers() -> None:
        answering = answers(hold=predicting, queue=3)
        asked = []
        for count, text in enumerate(("i", "cannot", "sleep"), 1):
            asked.append(asyncio.create_task(ask(answering, models, drawn(), text)))
            await until(lambda count=count: sum(grown("answers", before).values()) == count)
        await until(lambda: len(predicting.given) == 1)
        asked[1].cancel()
        await asyncio.wait([asked[1]])
        predicting.may_go_on.set()
        await asyncio.gather(asked[0], asked[2])

    before = looked_up("answers")
    asyncio.run(callers())
    assert predicting.given == [["i"], ["sleep"]]


@pytest.mark.parametrize("stage", ["reading", "predicting"])
def test_what_waits_when_the_service_ends_is_told_so(
    answers: Answers, models: Models, stage: str, request: pytest.FixtureRequest
) -> None:
    held: HeldBack = request.getfixturevalue(stage)

    async def callers() -> list[Any]:
        answering = answers(hold=held)
        asked = [asyncio.create_task(ask(answering, models, drawn())) for _ in range(3)]
        await until(lambda: len(held.given) == 1)
        held.may_go_on.set()
        answering.close()
        async with asyncio.timeout(PATIENCE):
            told = await asyncio.gather(*asked, return_exceptions=True)
        for late in (lambda: answering.upload(b"", "image"), lambda: ask(answering, models, b"")):
            with pytest.raises(Ended):
                await late()
        return told

    assert [(type(one), str(one)) for one in asyncio.run(callers())] == [(Ended, "the service is ending.")] * 3
    assert len(held.given) == 1
