"""One request on its way through the door, and what is known of it."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from uuid import uuid4

from starlette.responses import Response

from symptomeme.serving.door.codes import Refusal


@dataclass(frozen=True)
class Form:
    """What a caller sent: pictures, and the words and tasks told with them."""

    images: list[bytes]
    text: str | None = None
    tasks: list[str] | None = None


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


def refused(refusal: Refusal) -> Response:
    """An answer whose body the door writes.

    Raises:
        Refusal: there is no door.
    """
    passage = CURRENT.get(None)
    if passage is None:
        raise refusal
    passage.refusal = refusal
    return Response(status_code=refusal.status)
