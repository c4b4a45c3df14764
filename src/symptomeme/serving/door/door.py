"""What stands before BentoML: it knows who asks, how much and how often, and words every refusal."""

import asyncio
import logging
import math
from time import perf_counter

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from symptomeme.serving.door.access import HEALTH, caller_of, check_access
from symptomeme.serving.door.codes import Code, Refusal
from symptomeme.serving.door.forms import Fields, read_form
from symptomeme.serving.door.outgoing import Outgoing
from symptomeme.serving.door.passage import CURRENT, Passage, fault_of
from symptomeme.serving.door.rate import Rate
from symptomeme.serving.metrics import metrics
from symptomeme.serving.settings import ServingSettings, read_settings

FORMS = {
    "/classify": Fields(images="image", several=False, text=True),
    "/explain": Fields(images="image", several=False, text=True, labels=True),
    "/classify_batch": Fields(images="images", several=True, text=False),
}
READ = ("/models", "/metrics", "/openapi.json", "/docs.json", *HEALTH)
HIDDEN = ("/static_content", "/assets")  # BentoML's pages, which call home

_log = logging.getLogger("bentoml.symptomeme.access")


class Door:
    """An ASGI layer around the service: no request reaches it unchecked, no error leaves it in other words."""

    def __init__(self, app: ASGIApp, settings: ServingSettings | None = None) -> None:
        self.app = app
        self._settings = settings or read_settings()
        self._rate = Rate(self._settings.requests_per_minute)
        self._within = 0  # requests with a form that are being read or answered
        self._held = 0  # bytes of their bodies

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
                self._admit(scope)
                await self._pass(scope, receive, outgoing, passage)
        except Refusal as refusal:
            await outgoing.refuse(refusal)
        except Exception as error:
            if not deadline.expired():
                _log.error("%s: %s", passage.request_id, fault_of(error))
            await outgoing.refuse(self._fault(passage, late=deadline.expired(), path=scope["path"]))
        finally:
            CURRENT.reset(token)
            self._note(scope, outgoing, passage)

    def _admit(self, scope: Scope) -> None:
        """Who, how often, what and how.

        Raises:
            Refusal: it may not go further.
        """
        headers, path, method, key = Headers(scope=scope), scope["path"], scope["method"], self._settings.api_key
        if key is None:  # first, so that a page of another site cannot use up the turns of this machine
            check_access(method, path, headers, scope.get("client"), key)
        if path not in HEALTH:
            wait = self._rate.wait(caller_of(headers, scope.get("client"), key))
            if wait:
                told = {"retry-after": str(math.ceil(wait))}
                most = self._settings.requests_per_minute
                raise Refusal(Code.TOO_MANY_REQUESTS, f"more than {most} requests in a minute.", headers=told)
        if key is not None:  # last, so that nobody can try many
            check_access(method, path, headers, scope.get("client"), key)
        if path.startswith(HIDDEN):
            raise Refusal(Code.NOT_FOUND, "not found.")
        allowed = ("POST",) if path in FORMS else ("GET", "HEAD") if path in READ else None
        if allowed and method not in allowed:
            raise Refusal(Code.NOT_ALLOWED, "this method is not allowed here.", headers={"allow": ", ".join(allowed)})

    async def _pass(self, scope: Scope, receive: Receive, outgoing: Outgoing, passage: Passage) -> None:
        """Read the form, if there is to be one, and have the service answer; it never sees the body."""
        fields = FORMS.get(scope["path"])
        if fields is None:
            await self.app(scope, _without_body(receive), outgoing.send)
            return
        if self._within >= self._settings.queue + self._settings.max_forward:
            raise Refusal(Code.BUSY, f"{self._within} requests are being answered.")
        self._within += 1
        try:
            passage.form = await read_form(
                Headers(scope=scope), receive, fields, self._settings, lambda size: self._take(passage, size)
            )
            await self.app(scope, _without_body(receive), outgoing.send)
        finally:
            self._within -= 1
            self._held -= passage.held

    def _take(self, passage: Passage, size: int) -> None:
        """Count bytes that have come.

        Raises:
            Refusal: too many are held already.
        """
        if self._held + size > self._settings.max_held_bytes:
            raise Refusal(Code.BUSY, f"{self._held} bytes of requests are held.")
        self._held += size
        passage.held += size

    def _fault(self, passage: Passage, *, late: bool, path: str) -> Refusal:
        if not late:
            return Refusal(Code.INTERNAL, "the service failed.")
        given = f"{self._settings.request_seconds:g} s"
        if path in FORMS and passage.form is None:
            return Refusal(Code.TIMEOUT, f"the form had not ended after {given}.", headers={"connection": "close"})
        return Refusal(Code.TOO_SLOW, f"there was no answer after {given}.")

    def _note(self, scope: Scope, outgoing: Outgoing, passage: Passage) -> None:
        """Log and count it: ids and hashes, nothing that the caller chose."""
        path, seconds = scope["path"], perf_counter() - passage.started
        route = path if path in FORMS or path in READ else "other"
        status, code = outgoing.status or 0, outgoing.refusal.code if outgoing.refusal else None
        metrics().requests.labels(route, str(status)).inc()
        metrics().seconds.labels(route).observe(seconds)
        if code is not None:
            metrics().refusals.labels(code.value).inc()
        if path not in HEALTH:
            hashes = "".join(f" sha256={digest}" for digest in passage.hashes)
            _log.info("%s %s %d %s %.0f ms%s", passage.request_id, route, status, code or "ok", 1000 * seconds, hashes)


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
