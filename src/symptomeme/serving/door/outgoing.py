"""Every answer leaves with the request's id and the headers of a careful service, and no error in another's words."""

import json
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from symptomeme.serving.door.codes import Refusal, of_status
from symptomeme.serving.door.passage import Passage

HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
GONE = 499  # no status of HTTP: nobody is told it, but logs and metrics
_DROPPED = ("server", "x-bentoml-request-id")
_PASSED_ON = ("allow", "retry-after")  # of an answer whose body is replaced


class Outgoing:
    """What goes back to one caller."""

    def __init__(self, send: Send, passage: Passage, *, head: bool) -> None:
        """Wrap an ASGI `send`.

        Args:
            send: the server's.
            passage: the request.
            head: whether it is a HEAD request, whose answers have no body.
        """
        self._send, self._passage, self._head = send, passage, head
        self.status: int | None = None  # None: nothing was sent yet
        self.refusal: Refusal | None = None
        self.gone = False  # nobody waits for it any more
        self._replaced = False

    async def send(self, message: Message) -> None:
        """Pass on what the service sends; an error, or a redirect, is replaced by a refusal."""
        if message["type"] != "http.response.start":
            if not self._replaced:
                await self._send(message)
            return
        status, headers = message["status"], MutableHeaders(raw=list(message["headers"]))
        if status >= HTTPStatus.MULTIPLE_CHOICES and status != HTTPStatus.NOT_MODIFIED:
            is_redirect = status < HTTPStatus.BAD_REQUEST
            refusal = self._passage.refusal or of_status(HTTPStatus.NOT_FOUND if is_redirect else status)
            kept = {name: value for name, value in headers.items() if name in _PASSED_ON}
            await self.refuse(refusal, **kept)
            return
        self.status = status
        for name in _DROPPED:
            del headers[name]
        self._dress(headers)
        await self._send({**message, "headers": headers.raw})

    async def refuse(self, refusal: Refusal, **more: str) -> None:
        """Answer with a refusal, unless an answer is on its way."""
        if self.status is not None:
            return
        self._replaced, self.status, self.refusal = True, int(refusal.status), refusal
        body = json.dumps(refusal.told(self._passage.request_id)).encode()
        headers = MutableHeaders({**more, **refusal.headers})
        headers["content-type"], headers["content-length"] = "application/json", str(len(body))
        if refusal.status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
            headers.setdefault("retry-after", "2")
        self._dress(headers)
        await self._send({"type": "http.response.start", "status": self.status, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": b"" if self._head else body})

    async def drop(self) -> None:
        """Close an answer that nobody waits for; BentoML's own time limit waits until something is sent."""
        self._replaced, self.status = True, GONE
        await self._send({"type": "http.response.start", "status": GONE, "headers": []})
        await self._send({"type": "http.response.body", "body": b""})

    def _dress(self, headers: MutableHeaders) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)  # the page has a policy and a caching of its own
        headers["x-request-id"] = self._passage.request_id
