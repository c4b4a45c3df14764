import asyncio
from typing import Any, ClassVar

from symptomeme.domain.errors import ToolError
from symptomeme.serving.self_test import SelfTest

MODELS: Any = {"anxiety": object()}


class Counting:
    """Notes what it is asked, and fails as long as a test says so."""

    asked, fault = 0, ToolError("Tesseract is missing")
    sent: ClassVar[list[bytes]] = []

    async def warm(self, asked: object) -> None:
        assert asked is MODELS

    async def upload(self, data: bytes, _: str) -> None:
        self.sent.append(data)

    async def answer(self, *_: object) -> None:
        self.asked += 1
        await asyncio.sleep(0)
        if self.fault is not None:
            raise self.fault


def test_one_test_runs_at_a_time_until_one_has_passed() -> None:
    async def ask() -> None:
        answering: Any = Counting()
        test = SelfTest(answering)
        assert await asyncio.gather(*(test.passes(MODELS) for _ in range(3))) == [False] * 3
        assert answering.asked == 1
        answering.fault = None
        assert [await test.passes(MODELS), await test.passes(MODELS), answering.asked] == [True, True, 2]
        assert not await test.passes({})
        assert len(set(answering.sent)) == 2  # another file each time, which no cache knows

    asyncio.run(ask())
