"""What stands before BentoML: it knows who asks, how much and how often, and words every refusal."""

import asyncio
import logging
from contextlib import suppress
from time import perf_counter

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from symptomeme.serving.door.access import HEALTH
from symptomeme.serving.door.admission import FORMS, READ, Admission
from symptomeme.serving.door.codes import Code, Refusal
from symptomeme.serving.door.forms import read_form
from symptomeme.serving.door.load import Load
from symptomeme.serving.door.outgoing import Outgoing
from symptomeme.serving.door.passage import CURRENT, Passage, fault_of
from symptomeme.serving.door.presence import while_there
from symptomeme.serving.metrics import metrics
from symptomeme.serving.settings import ServingSettings, read_settings

_log = logging.getLogger("bentoml.symptomeme.access")


class Door:
    """An ASGI layer around the service: no request reaches it unchecked, no error leaves it in other words."""

    def __init__(self, app: ASGIApp, settings: ServingSettings | None = None) -> None:
        self.app = app
        self._settings = settings or read_settings()
        self._admission, self._load = Admission(self._settings), Load(self._settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        passage = Passage()
        outgoing = Outgoing(send, passage, head=scope["method"] == "HEAD")
        token = CURRENT.set(passage)
        try:
            async with asyncio.timeout(self._settings.request_seconds) as deadline:
                self._admission.check(scope)
                await self._pass(scope, receive, outgoing, passage, deadline)
        except Refusal as refusal:
            await outgoing.refuse(refusal)
        except asyncio.CancelledError:  # by the server, or with a thread that has ended: a fault of nobody's
            with suppress(RuntimeError):  # the server has answered by itself
                await outgoing.refuse(Refusal(Code.NOT_READY, "the service is ending."))
        except Exception as error:
            if outgoing.gone:
                await outgoing.drop()
                return
            if not deadline.expired():
                _log.error("%s: %s", passage.request_id, fault_of(error))
            await outgoing.refuse(self._fault(passage, late=deadline.expired(), path=scope["path"]))
        finally:
            CURRENT.reset(token)
            _note(scope, outgoing, passage)

    async def _pass(
        self, scope: Scope, receive: Receive, outgoing: Outgoing, passage: Passage, deadline: asyncio.Timeout
    ) -> None:
        """Read the form, if there is to be one, and have the service answer; it never sees the body."""
        fields = FORMS.get(scope["path"])
        if fields is None:
            await self.app(scope, _without_body(receive), outgoing.send)
            return
        with self._load.one_more() as take:
            passage.form = await read_form(Headers(scope=scope), receive, fields, self._settings, take)
            async with while_there(receive, outgoing, deadline):
                await self.app(scope, _without_body(receive), outgoing.send)

    def _fault(self, passage: Passage, *, late: bool, path: str) -> Refusal:
        if not late:
            return Refusal(Code.INTERNAL, "the service failed.")
        given = f"{self._settings.request_seconds:g} s"
        if path in FORMS and passage.form is None:
            return Refusal(Code.TIMEOUT, f"the form had not ended after {given}.", headers={"connection": "close"})
        return Refusal(Code.TOO_SLOW, f"there was no answer after {given}.")


def _note(scope: Scope, outgoing: Outgoing, passage: Passage) -> None:
    """Log and count it: ids and hashes, nothing that the caller chose."""
    path, seconds = scope["path"], perf_counter() - passage.started
    route = path if path in FORMS or path in READ else "other"
    status, code = outgoing.status or 0, outgoing.refusal.code if outgoing.refusal else None
    metrics().requests.labels(route, str(status)).inc()
    metrics().seconds.labels(route).observe(seconds)
    if code is not None:
        metrics().refusals.labels(code.value).inc()
    if path not in HEALTH:
        told = code or ("gone" if outgoing.gone else "ok")
        hashes = "".join(f" sha256={digest}" for digest in passage.hashes)
        _log.info("%s %s %d %s %.0f ms%s", passage.request_id, route, status, told, 1000 * seconds, hashes)


def _without_body(receive: Receive) -> Receive:
    """What the service receives: an empty body, then whatever the server still tells."""
    told = False

    async def once() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return once
