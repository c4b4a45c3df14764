"""One request on its way through the door, and what is known of it."""

import logging
import traceback
from collections.abc import Awaitable
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any
from uuid import uuid4

from starlette.responses import Response

from symptomeme.serving.door.codes import Code, Refusal

_log = logging.getLogger("bentoml.symptomeme")


@dataclass(frozen=True)
class Form:
    """What a caller sent: pictures, and the words, tasks and labels told with them."""

    images: list[bytes]
    text: str | None = None
    tasks: list[str] | None = None
    labels: list[str] | None = None


@dataclass
class Passage:
    """A request: its id is made here, whatever the caller calls it."""

    request_id: str = field(default_factory=lambda: uuid4().hex)
    started: float = field(default_factory=perf_counter)
    form: Form | None = None
    refusal: Refusal | None = None  # what the service refuses it with
    hashes: list[str] = field(default_factory=list)  # SHA-256 of its pictures


CURRENT: ContextVar[Passage] = ContextVar("passage")


def current() -> Passage:
    """The request that is being answered; a new one where there is no door, as in a direct call."""
    return CURRENT.get(None) or Passage()


async def told(answering: Awaitable[dict[str, Any]]) -> dict[str, Any] | Response:
    """An answer, or where there is none the status of a refusal; the door writes its body.

    Raises:
        Refusal: it is one, and there is no door.
    """
    try:
        return await answering
    except Refusal as error:
        refusal = error
    except Exception as error:
        _log.error("%s: %s", current().request_id, fault_of(error))
        refusal = Refusal(Code.INTERNAL, "the service failed.")
    if CURRENT.get(None) is None:
        raise refusal
    current().refusal = refusal
    return Response(status_code=refusal.status)


def fault_of(error: Exception) -> str:
    """Kind and place of a fault, in one line; its message may hold words of a meme and is left out."""
    calls = traceback.extract_tb(error.__traceback__)[-4:]
    return f"{type(error).__name__} at " + " > ".join(f"{call.filename}:{call.lineno}" for call in calls)
