import asyncio
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from running_service import local_client

from symptomeme.domain.errors import ToolError
from symptomeme.domain.layout import StatePaths
from symptomeme.domain.pointer import Live, PackagedModel, write_live
from symptomeme.serving import self_test as module
from symptomeme.serving.self_test import READY, SelfTest
from symptomeme.serving.service import Memes

MODELS: Any = {"anxiety": object()}
LATER: Any = {"anxiety": object()}


class Counting:
    """Notes what it is asked, and fails as long as a test says so."""

    asked: int = 0
    live: Any = MODELS
    fault: Exception | None = ToolError("Tesseract is missing")
    sent: ClassVar[list[bytes]] = []

    async def warm(self, asked: object) -> None:
        assert asked is self.live

    async def upload(self, data: bytes, _: str) -> None:
        self.sent.append(data)

    async def answer(self, *_: object) -> None:
        self.asked += 1
        await asyncio.sleep(0)
        if self.fault is not None:
            raise self.fault


def test_one_test_runs_at_a_time_until_one_has_passed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="bentoml.symptomeme")

    async def ask() -> None:
        answering: Any = Counting()
        test = SelfTest(answering)
        assert await asyncio.gather(*(test.passes(MODELS) for _ in range(3))) == [False] * 3
        assert (answering.asked, caplog.messages.count(READY)) == (1, 0)
        answering.fault = None
        assert [await test.passes(MODELS), await test.passes(MODELS), answering.asked] == [True, True, 2]
        assert caplog.messages.count(READY) == 1
        assert not await test.passes({})
        assert len(set(answering.sent)) == 2  # another file each time, which no cache knows

    asyncio.run(ask())


def test_what_is_live_is_tested_without_being_asked_for_once_for_each_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL", 0.001)

    async def exchange() -> None:
        answering, live = Counting(), [{}]
        test = SelfTest(answering)  # type: ignore[arg-type]
        test.follow(lambda: live[0])
        for count, (models, fault) in enumerate(
            [({}, None), (MODELS, ToolError("once")), (LATER, ValueError("words")), ({**MODELS}, None)]
        ):
            live[0], answering.live, answering.fault = models, models, fault
            async with asyncio.timeout(60):
                while answering.asked < count:
                    await asyncio.sleep(0.001)
            await asyncio.sleep(0.01)
            assert answering.asked == count  # no second time for the same models
        assert await test.passes(live[0])
        assert answering.asked == 3
        test.end()

    asyncio.run(exchange())


def test_a_service_that_starts_tests_itself_before_anybody_asks(
    package: Callable[..., PackagedModel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYMPTOMEME_STATE", raising=False)
    write_live(StatePaths().live, Live(bento="b:1", models={"anxiety": package(1)}))
    tested, real = threading.Event(), SelfTest._run

    async def run(test: SelfTest, models: Any) -> None:
        await real(test, models)
        assert test._passed is models
        tested.set()

    monkeypatch.setattr(SelfTest, "_run", run)
    with local_client(Memes.to_asgi()):
        assert tested.wait(60)
