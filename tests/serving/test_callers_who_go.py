"""Callers that close their connection, over real HTTP; BentoML's own time limit stands outside the door."""

import asyncio
import http.client
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from bentoml._internal.server.http.traffic import TimeoutMiddleware
from echoing import SERVICE
from hostile import FORM, picture

from symptomeme.serving.door.door import Door
from symptomeme.serving.settings import ServingSettings

PATIENCE = 60  # seconds until a test gives up


class Working:
    """An app that never ends by itself."""

    def __init__(self) -> None:
        self.begun, self.called_off = threading.Event(), threading.Event()

    async def __call__(self, *_: Any) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.called_off.set()
            raise


@contextmanager
def served(door: Door) -> Iterator[tuple[uvicorn.Server, int]]:
    """A server that runs in a thread, and its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(TimeoutMiddleware(door, PATIENCE), lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield server, listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
    assert not thread.is_alive()


def until(so: Callable[[], bool]) -> None:
    clock = threading.Event()
    for _ in range(100 * PATIENCE):
        if so():
            return
        clock.wait(0.01)
    pytest.fail("it did not come to that")


def test_what_is_done_for_a_caller_who_goes_is_called_off(caplog: pytest.LogCaptureFixture) -> None:
    app, sent = Working(), picture(b"a picture")
    door = Door(app, ServingSettings())
    with caplog.at_level(logging.INFO, logger="bentoml.symptomeme"), served(door) as (server, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("POST", "/classify", sent.body, FORM)
        assert app.begun.wait(PATIENCE)
        assert door._load.requests == 1
        connection.close()
        assert app.called_off.wait(PATIENCE)
        until(lambda: not server.server_state.tasks)  # BentoML's time limit does not wait for an answer
        assert (door._load.requests, door._load.bytes) == (0, 0)
    told = [record.getMessage() for record in caplog.records if record.name.startswith("bentoml")]
    assert [line.split()[1:4] for line in told] == [["/classify", "499", "gone"]]


def test_a_caller_who_stays_has_every_answer_of_its_connection() -> None:
    sent = picture(b"a picture")
    with served(Door(SERVICE, ServingSettings())) as (_, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        for _ in range(3):
            connection.request("POST", "/classify", sent.body, FORM)
            response = connection.getresponse()
            assert (response.status, b"a picture" in response.read()) == (200, True)
        connection.close()
