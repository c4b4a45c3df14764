"""Answers without a service: tiny models, and a real Tesseract that a test holds back."""

import asyncio
from typing import Any

from held_back import Answers, HeldBack, ask, grown, looked_up, until

from symptomeme.domain.errors import ImageError, ToolError
from symptomeme.predictor import Examined
from symptomeme.serving.following import Models
from symptomeme.serving.self_test import drawn


def test_what_is_known_is_not_done_again(
    answers: Answers, models: Models, reading: HeldBack, predicting: HeldBack
) -> None:
    async def callers() -> list[Examined]:
        answering, data = answers(), drawn()
        return [await ask(answering, models, data, text) for text in (None, None, "i cannot sleep", "i cannot sleep")]

    before = looked_up("words"), looked_up("answers")
    first, again, given, given_again = asyncio.run(callers())
    assert (len(reading.given), predicting.given) == (1, [["cannot sleep again"], ["i cannot sleep"]])
    assert first.answer["text"] == again.answer["text"]
    assert first.answer["text"]["value"] == "cannot sleep again"
    assert (first.answer["tasks"], given.answer["tasks"]) == (again.answer["tasks"], given_again.answer["tasks"])
    assert [list(one.took) for one in (first, again, given, given_again)] == [
        ["picture", "ocr", "anxiety"],
        [],
        ["picture", "anxiety"],
        ["picture"],
    ]
    assert first.answer["milliseconds"]["ocr"] > 0
    assert again.answer["milliseconds"] == {"picture": 0.0, "ocr": 0.0, "anxiety": 0.0}
    assert list(given.answer["milliseconds"].items())[1] == ("ocr", 0.0)
    assert grown("words", before[0]) == {"hit": 1, "miss": 1}
    assert grown("answers", before[1]) == {"hit": 2, "miss": 2}


def test_of_known_words_the_picture_is_decoded_for_another_model_and_timed(answers: Answers, models: Models) -> None:
    async def callers() -> list[Examined]:
        answering, data = answers(), drawn()
        first = await ask(answering, models, data)
        answering._examiner._said.clear()  # as of a model that has just come
        return [first, await ask(answering, models, data)]

    assert [list(one.took) for one in asyncio.run(callers())] == [["picture", "ocr", "anxiety"], ["picture", "anxiety"]]


def test_without_entries_nothing_is_remembered(answers: Answers, models: Models, reading: HeldBack) -> None:
    async def callers() -> None:
        answering, data = answers(cache_entries=0), drawn()
        for _ in range(2):
            await ask(answering, models, data)

    asyncio.run(callers())
    assert len(reading.given) == 2


def test_what_several_ask_at_once_is_read_and_predicted_once(
    answers: Answers, models: Models, reading: HeldBack, predicting: HeldBack
) -> None:
    async def callers() -> list[Examined]:
        answering, data = answers(hold=reading), drawn()
        asked = [asyncio.create_task(ask(answering, models, data)) for _ in range(4)]
        await until(lambda: grown("words", before).get("joined") == 3)
        reading.may_go_on.set()
        return await asyncio.gather(*asked)

    before = looked_up("words")
    found = asyncio.run(callers())
    assert (len(reading.given), predicting.given) == (1, [["cannot sleep again"]])
    assert [one.answer["tasks"] for one in found] == [found[0].answer["tasks"]] * 4
    assert found[0].features == found[3].features


def test_the_others_are_answered_when_the_first_of_them_has_gone(
    answers: Answers, models: Models, reading: HeldBack
) -> None:
    async def callers() -> list[Examined | BaseException]:
        answering, data = answers(hold=reading), drawn()
        asked = [asyncio.create_task(ask(answering, models, data)) for _ in range(3)]
        await until(lambda: grown("words", before).get("joined") == 2)
        asked[0].cancel()
        await asyncio.wait(asked[:1])
        reading.may_go_on.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    before = looked_up("words")
    gone, *others = asyncio.run(callers())
    assert isinstance(gone, asyncio.CancelledError)
    assert [one.answer["text"]["value"] for one in others if isinstance(one, Examined)] == ["cannot sleep again"] * 2
    assert len(reading.given) == 1


def test_all_are_told_when_their_reading_fails_and_nothing_is_remembered(
    answers: Answers, models: Models, reading: HeldBack
) -> None:
    async def callers() -> tuple[list[Any], Examined]:
        answering, data = answers(hold=reading), drawn()
        reading.fault = ToolError("Tesseract failed.")
        asked = [asyncio.create_task(ask(answering, models, data)) for _ in range(3)]
        await until(lambda: grown("words", before).get("joined") == 2)
        reading.may_go_on.set()
        failed = await asyncio.gather(*asked, return_exceptions=True)
        reading.fault = None
        return failed, await ask(answering, models, data)

    before = looked_up("words")
    failed, found = asyncio.run(callers())
    assert [(type(one), str(one)) for one in failed] == [(ToolError, "Tesseract failed.")] * 3
    assert found.answer["text"]["value"] == "cannot sleep again"
    assert len(reading.given) == 2


def test_what_is_no_picture_is_told_to_all_who_sent_it(answers: Answers, models: Models) -> None:
    async def callers() -> list[Any]:
        answering = answers()
        return await asyncio.gather(
            *(ask(answering, models, b"none", text) for text in (None, "i")), return_exceptions=True
        )

    for error in asyncio.run(callers()):
        assert isinstance(error, ImageError)
        assert str(error) == "of no known format, or its header is damaged"
