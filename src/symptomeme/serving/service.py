"""The HTTP service: decode, predict, encode. `bentoml serve` in the project's root, or of a built Bento."""

import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import bentoml
from bentoml.exceptions import InvalidArgument, ServiceUnavailable
from pydantic import BeforeValidator, Field

from symptomeme.domain.errors import ImageError, ModelError, ToolError
from symptomeme.domain.requests import RequestRow, keep_requests
from symptomeme.serving.following import Followed, Models
from symptomeme.serving.guard import OnlyForms
from symptomeme.serving.page import page
from symptomeme.serving.place import find_place
from symptomeme.serving.store import stored_folder

if TYPE_CHECKING:
    from symptomeme.predictor import Examined

os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")  # read when the server starts, after this module

_log = logging.getLogger("bentoml.symptomeme")


def _as_sent(value: Any) -> Any:
    """A form's text as it was typed: BentoML reads what looks like JSON as such, a text of digits as a number."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _as_list(value: Any) -> Any:
    """Names as a list: a form holds them in one field, with commas between."""
    return [name.strip() for name in value.split(",")] if isinstance(value, str) else value


@bentoml.asgi_app(page(), path="/")
@bentoml.service(name="symptomeme")
class Memes:
    """Which symptoms of anxiety or depression a meme expresses. A research tool, not a diagnosis."""

    def __init__(self) -> None:
        """Load the models, and follow what is live."""
        state, own = find_place(Path.cwd())
        self._requests = None if state is None else state.requests
        self._followed = Followed(pointer=None if state is None else state.live, own=own, find=stored_folder)
        self._followed.follow()
        if not self._followed.now():
            _log.warning("no model is live yet: run 'symptomeme package'; the service picks it up")
        if self._requests is None:
            _log.warning("requests are not kept for monitoring: SYMPTOMEME_STATE names no folder")

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def end(self) -> None:
        """Stop following."""
        self._followed.end()

    def __is_ready__(self) -> bool:
        """Whether there is a model to answer with; each has made a prediction before it is there."""
        return bool(self._followed.now())

    @bentoml.api  # type: ignore[untyped-decorator]
    def classify(
        self,
        image: Annotated[Path, Field(description="a meme: JPEG, PNG, GIF, WebP, BMP or TIFF")],
        text: Annotated[
            str | None, BeforeValidator(_as_sent), Field(description="the words in it, in place of reading them")
        ] = None,
        tasks: Annotated[
            list[str] | None, BeforeValidator(_as_list), Field(description="anxiety, depression; default: all")
        ] = None,
    ) -> dict[str, Any]:
        """Tell which symptoms a meme expresses, as `symptomeme classify --json` does, with an id of the request."""
        at, request_id = datetime.now(UTC), uuid4().hex
        models = _asked_for(tasks, self._followed.now())
        from symptomeme.predictor import examine  # noqa: PLC0415 - torch, which building and supervising do without

        try:
            found = examine(image.read_bytes(), "image", list(models.values()), text)
        except ImageError as error:
            raise InvalidArgument(str(error)) from None
        except (ModelError, ToolError) as error:
            _log.error("%s: %s", request_id, error)
            raise ServiceUnavailable(str(error)) from None
        if self._requests is not None:
            _keep(self._requests, at, request_id, found)
        return {**found.answer, "request_id": request_id}


Memes.add_asgi_middleware(OnlyForms)  # type: ignore[attr-defined] # the decorator has made a Service of the class


def _asked_for(tasks: list[str] | None, models: Models) -> Models:
    """The models of these tasks.

    Raises:
        InvalidArgument: one is not served.
        ServiceUnavailable: none is.
    """
    if not models:
        raise ServiceUnavailable("no model is live yet. Run 'symptomeme package'.")
    unknown = [name for name in tasks or [] if name not in models]
    if unknown:
        raise InvalidArgument(f"tasks: {unknown[0][:40]!r} is not served; expected some of {', '.join(models)}.")
    return {name: models[name] for name in tasks} if tasks else models


def _keep(folder: Path, at: datetime, request_id: str, found: "Examined") -> None:
    """Keep hash, scores and features of a request; a service whose disk is full goes on answering."""
    rows = [
        RequestRow(
            at=at,
            request_id=request_id,
            sha256=found.answer["sha256"],
            task=task,
            model_version=told["model"]["version"],
            text_length=found.features[task].text_length,
            ocr_confidence=found.features[task].ocr_confidence,
            probabilities=told["probabilities"],
            labels=told["labels"],
            abstain=told["abstain"],
            embedding=[round(value, 4) for value in found.features[task].embedding],
        )
        for task, told in found.answer["tasks"].items()
    ]
    try:
        keep_requests(folder, rows)
    except OSError as error:
        _log.error("%s is not kept for monitoring: %s", request_id, error.strerror)
