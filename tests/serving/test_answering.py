"""Answers without a service: tiny models, and readings by a real Tesseract that a test holds back."""

import asyncio
import io
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from prometheus_client import REGISTRY
from small_models import write_model

from symptomeme import predictor as module
from symptomeme.domain.errors import ImageError, ToolError
from symptomeme.predictor import Examined, Predictor, Served
from symptomeme.serving.answering import Answering, Busy, Ended
from symptomeme.serving.following import Models
from symptomeme.serving.self_test import drawn
from symptomeme.serving.settings import ServingSettings

Answers = Callable[..., Answering]
PATIENCE = 60  # seconds until a test gives up


class HeldBack:
    """Does what it stands for once a test lets it, or fails; notes one of the things that it is given."""

    def __init__(self, real: Callable[..., Any], noted: int) -> None:
        self._real, self._noted = real, noted
        self.given: list[Any] = []
        self.may_go_on = threading.Event()
        self.fault: Exception | None = None

    def __call__(self, *given: Any) -> Any:
        self.given.append(given[self._noted])
        assert self.may_go_on.wait(PATIENCE)
        if self.fault is not None:
            raise self.fault
        return self._real(*given)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path) -> Models:
    folder = write_model(tmp_path_factory.mktemp("models") / "anxiety", text_folder, vision_folder)
    return {"anxiety": Served(predictor=Predictor(folder), name="served-anxiety", version="1")}


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> HeldBack:
    held = HeldBack(module.words_read, noted=1)
    monkeypatch.setattr(module, "words_read", held)
    return held


@pytest.fixture
def predicting(monkeypatch: pytest.MonkeyPatch) -> HeldBack:
    held = HeldBack(Predictor.predict, noted=2)

    def predict(*given: Any) -> Any:  # a function, so that it is bound
        return held(*given)

    monkeypatch.setattr(Predictor, "predict", predict)
    return held


@pytest.fixture
def answers(reading: HeldBack, predicting: HeldBack) -> Iterator[Answers]:
    """Makes one that reads a picture at a time, with limits that a test names; what is not held back goes on."""
    made = []

    def make(*, hold: HeldBack | None = None, **settings: Any) -> Answering:
        for each in (reading, predicting):
            if each is not hold:
                each.may_go_on.set()
        made.append(Answering(ServingSettings(**{"max_batch": 1, "ocr_workers": 1, **settings})))
        return made[-1]

    yield make
    for each in (reading, predicting):
        each.may_go_on.set()
    for one in made:
        one.close()


async def ask(answering: Answering, models: Models, data: bytes, text: str | None = None) -> Examined:
    return await answering.answer(await answering.upload(data, "image"), models, text)


async def until(so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not so():
            await asyncio.sleep(0.001)


async def answered_once_there_is_a_place(asked: Callable[[], Awaitable[Examined]]) -> Examined:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await asked()
            except Busy:
                await asyncio.sleep(0.001)


def looked_up(cache: str) -> dict[str, float]:
    """How often something was looked for in a cache, by what came of it."""
    labels = [{"cache": cache, "result": result} for result in ("hit", "miss", "joined")]
    return {label["result"]: REGISTRY.get_sample_value("symptomeme_cache_total", label) or 0 for label in labels}


def grown(cache: str, before: dict[str, float]) -> dict[str, float]:
    return {result: count - before[result] for result, count in looked_up(cache).items() if count > before[result]}


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
    assert first.answer["milliseconds"]["ocr"] > 0 == again.answer["milliseconds"]["ocr"]
    assert grown("words", before[0]) == {"hit": 1, "miss": 1}
    assert grown("answers", before[1]) == {"hit": 2, "miss": 2}


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
        first, gone = [asyncio.create_task(ask(answering, models, drawn())) for _ in range(2)]
        await until(lambda: len(reading.given) == 1)
        gone.cancel()
        await asyncio.wait([gone])
        third = asyncio.create_task(answered_once_there_is_a_place(lambda: ask(answering, models, drawn())))
        await asyncio.sleep(0.01)
        reading.may_go_on.set()
        await asyncio.gather(first, third)

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


def test_what_is_no_picture_is_told_to_all_who_sent_it(answers: Answers, models: Models) -> None:
    async def callers() -> list[Any]:
        answering = answers()
        return await asyncio.gather(
            *(ask(answering, models, b"none", text) for text in (None, "i")), return_exceptions=True
        )

    for error in asyncio.run(callers()):
        assert isinstance(error, ImageError)
        assert str(error) == "of no known format, or its header is damaged"


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
