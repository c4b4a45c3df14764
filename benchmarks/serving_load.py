"""Callers that ask a server one request after another."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, NamedTuple

import httpx

PATIENCE = 120  # seconds until a caller gives up
NO_ANSWER = 0  # status of a request whose connection failed or timed out
OK, BUSY = 200, 503


class Answered(NamedTuple):
    """One request's end."""

    number: int  # of the request's meme
    seconds: float
    status: int
    retry_after: float | None  # seconds, as the header says
    said: tuple[str, list[str]] | None  # words and labels


@dataclass
class Load:
    """What callers saw."""

    answers: list[Answered] = field(default_factory=list)
    seconds: float = 0  # from the first request to the last answer
    ran_out: bool = False  # of memes, before the time was up

    @property
    def latencies(self) -> list[float]:
        """Seconds of each request that was answered."""
        return [one.seconds for one in self.answers if one.status == OK]

    @property
    def rate(self) -> float:
        """Memes answered a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def count(self, *statuses: int) -> int:
        """How many requests ended with one of these."""
        return sum(one.status in statuses for one in self.answers)


Ask = Callable[[httpx.AsyncClient, int], Awaitable[httpx.Response]]
Said = Callable[[Any], tuple[str, list[str]]]


def run_load(ask: Ask, said: Said, numbers: Iterator[int], *, callers: int, seconds: float) -> Load:
    """Have callers ask in a closed loop; who is refused waits as told and asks again.

    Args:
        ask: sends the meme of a number.
        said: words and labels of an answer's JSON.
        numbers: of memes, shared by all callers.
        callers: how many at a time.
        seconds: after these nothing new is sent.
    """
    return asyncio.run(_load(ask, said, numbers, callers=callers, seconds=seconds))


async def _load(ask: Ask, said: Said, numbers: Iterator[int], *, callers: int, seconds: float) -> Load:
    load = Load()
    limits = httpx.Limits(max_connections=callers, max_keepalive_connections=callers)
    async with httpx.AsyncClient(timeout=PATIENCE, limits=limits, trust_env=False) as client:
        start, refused = perf_counter(), list[int]()

        async def caller() -> None:
            while perf_counter() - start < seconds:
                number = refused.pop() if refused else next(numbers, None)
                if number is None:
                    load.ran_out = True
                    return
                answered = await _answered(ask, said, client, number)
                load.answers.append(answered)
                if answered.status != OK:
                    await asyncio.sleep(answered.retry_after or 0.1)
                    refused.append(number)

        await asyncio.gather(*(caller() for _ in range(callers)))
        load.seconds = perf_counter() - start
    return load


async def _answered(ask: Ask, said: Said, client: httpx.AsyncClient, number: int) -> Answered:
    start = perf_counter()
    try:
        response = await ask(client, number)
    except httpx.HTTPError:
        return Answered(number, perf_counter() - start, NO_ANSWER, None, None)
    took = perf_counter() - start
    told = response.headers.get("retry-after", "")
    words = said(response.json()) if response.status_code == OK else None
    return Answered(number, took, response.status_code, float(told) if told.isdigit() else None, words)
