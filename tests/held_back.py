"""Work of a service that a test holds back, and callers who wait for it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from prometheus_client import REGISTRY

from symptomeme.predictor import Examined
from symptomeme.serving.answering import Answering, Busy
from symptomeme.serving.following import Models

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
