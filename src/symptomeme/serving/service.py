"""The HTTP service: decode, predict, encode. `bentoml serve` in the project's root, or of a built Bento."""

import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bentoml
from bentoml.exceptions import BentoMLConfigException

from symptomeme.domain.errors import ImageError, InputError, ModelError, ToolError
from symptomeme.domain.instructions import use_same_instructions
from symptomeme.serving.answering import Answering, Busy, Ended
from symptomeme.serving.door.codes import Code, Refusal
from symptomeme.serving.door.door import Door
from symptomeme.serving.door.passage import current, told
from symptomeme.serving.explaining import Explaining
from symptomeme.serving.following import Followed, Models
from symptomeme.serving.keeping import count, keep
from symptomeme.serving.metrics import metrics
from symptomeme.serving.place import find_place
from symptomeme.serving.reading import reading
from symptomeme.serving.self_test import SelfTest
from symptomeme.serving.settings import LONGEST, read_settings
from symptomeme.serving.store import stored_folder
from symptomeme.serving.support import LABEL, read_support
from symptomeme.serving.taking import ManyMemes, MemeToExplain, OneMeme, asked_about, asked_for
from symptomeme.serving.work import together

if TYPE_CHECKING:
    from symptomeme.predictor import Examined

os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")  # read when the server starts, after this module
use_same_instructions()  # before torch, which a worker loads with its first model

_log = logging.getLogger("bentoml.symptomeme")

try:
    read_support(read_settings().support)
except InputError as error:  # in one line, before a server starts
    raise BentoMLConfigException(str(error)) from None


@bentoml.asgi_app(reading)
@bentoml.service(
    name="symptomeme",
    metrics={"enabled": False},  # BentoML's have a series for every path that anybody asks for
    logging={"access": {"enabled": False}},  # the door writes its own
    traffic={"timeout": LONGEST + 30},  # the door's own limit is shorter
)
class Memes:
    """Which symptoms of anxiety or depression a meme expresses. A research tool, not a diagnosis."""

    def __init__(self) -> None:
        """Load the models, and follow what is live."""
        self._settings = read_settings()
        self._support = read_support(self._settings.support).model_dump(exclude_none=True)
        self._answering = Answering(self._settings)
        self._explaining = Explaining(most=self._settings.explanations)
        self._self_test = SelfTest(self._answering)
        state, own = find_place(Path.cwd())
        self._requests = None if state is None else state.requests
        self._followed = Followed(pointer=None if state is None else state.live, own=own, find=stored_folder)
        self._followed.follow()
        if not self._followed.now():
            _log.warning("no model is live yet: run 'symptomeme package'; the service picks it up")
        if self._requests is None:
            _log.warning("requests are not kept for monitoring: SYMPTOMEME_STATE names no folder")
        elif self._settings.keep_text:
            _log.warning("the words of every meme are kept in %s: SYMPTOMEME_KEEP_TEXT is on", self._requests)

    @bentoml.on_startup  # type: ignore[untyped-decorator]
    async def begin(self) -> None:
        """Start to test what is live, which starts the readers; nobody waits for it."""
        self._self_test.follow(self._followed.now)

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def end(self) -> None:
        """Stop following and answering."""
        self._followed.end()
        self._self_test.end()
        self._explaining.close()
        self._answering.close()

    async def __is_ready__(self) -> bool:
        """Whether a drawn picture is answered by the models that are live."""
        return await self._self_test.passes(self._followed.now())

    @bentoml.api(input_spec=OneMeme)  # type: ignore[untyped-decorator]
    async def classify(self, image: bytes, text: str | None = None, tasks: list[str] | None = None) -> Any:
        """Tell which symptoms a meme expresses, as `symptomeme classify --json` does, with an id of the request."""
        return await told(self._classify(image, text, tasks))

    @bentoml.api(input_spec=MemeToExplain)  # type: ignore[untyped-decorator]
    async def explain(
        self, image: bytes, text: str | None = None, tasks: list[str] | None = None, labels: list[str] | None = None
    ) -> Any:
        """Tell which words and which parts of a picture moved its labels, as `symptomeme explain --json` does."""
        return await told(self._explain(image, text, tasks, labels))

    @bentoml.api(input_spec=ManyMemes)  # type: ignore[untyped-decorator]
    async def classify_batch(self, images: list[bytes], tasks: list[str] | None = None) -> Any:
        """The same for several memes; one that cannot be read has an error in its place."""
        return await told(self._classify_batch(images, tasks))

    def told_models(self) -> dict[str, Any]:
        """What `GET /models` answers: the models that answer now."""
        models = [
            {"task": task, "aliases": ["champion"], **model.model_dump(exclude={"tag"})}
            for task, model in self._followed.named().items()
        ]
        return {"models": models}

    async def _classify(self, image: bytes, text: str | None, tasks: list[str] | None) -> dict[str, Any]:
        at, models = datetime.now(UTC), asked_for(tasks, self._followed.now())
        return self._told(at, current().request_id, await self._find(image, "image", models, text))

    async def _explain(
        self, image: bytes, text: str | None, tasks: list[str] | None, labels: list[str] | None
    ) -> dict[str, Any]:
        """It is neither counted as an answer nor kept for monitoring: the meme was classified for that."""
        self._explaining.check()
        models = asked_about(labels, asked_for(tasks, self._followed.now()))
        found = await self._find(image, "image", models, text)
        try:
            explained = await self._explaining.explain(image, found, models, labels)
        except ModelError as error:
            raise _unavailable(error) from None
        return {**explained, "request_id": current().request_id, **self._support_for(explained)}

    async def _classify_batch(self, images: list[bytes], tasks: list[str] | None) -> dict[str, Any]:
        at, request_id = datetime.now(UTC), current().request_id
        metrics().images.observe(len(images))
        models = asked_for(tasks, self._followed.now())
        # a request that is refused leaves none of its pictures at work
        found = await together(
            self._found_or_refusal(image, f"images {number}", models) for number, image in enumerate(images, 1)
        )
        answers = [self._told(at, f"{request_id}-{number}", one) for number, one in enumerate(found, 1)]
        return {"request_id": request_id, "answers": answers}

    async def _found_or_refusal(self, image: bytes, named: str, models: Models) -> "Examined | Refusal":
        """What one of several expresses; its picture's fault is its own, any other is that of the request."""
        try:
            return await self._find(image, named, models, None)
        except Refusal as refusal:
            if refusal.code not in (Code.BAD_IMAGE, Code.TOO_MANY_PIXELS):
                raise
            return refusal

    async def _find(self, image: bytes, named: str, models: Models, text: str | None) -> "Examined":
        try:
            upload = await self._answering.upload(image, named)
            current().hashes.append(upload.sha256)
            return await self._answering.answer(upload, models, text)
        except ImageError as error:
            raise Refusal(Code.BAD_IMAGE, f"{named}: {error}.") from None
        except Busy as error:
            raise Refusal(Code.BUSY, str(error)) from None
        except Ended as error:
            raise Refusal(Code.NOT_READY, str(error)) from None
        except (ModelError, ToolError) as error:
            raise _unavailable(error) from None

    def _told(self, at: datetime, request_id: str, found: "Examined | Refusal") -> dict[str, Any]:
        """What is answered, once nothing can come between; it is counted and kept here."""
        if isinstance(found, Refusal):
            metrics().refusals.labels(found.code.value).inc()
            return found.told(request_id)
        count(found)
        if self._requests is not None:
            keep(self._requests, at, request_id, found, with_text=self._settings.keep_text)
        return {**found.answer, "request_id": request_id, **self._support_for(found.answer)}

    def _support_for(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Places to turn to, where the answer claims Self-Harm."""
        claims = any(LABEL in task["labels"] for task in answer["tasks"].values())
        return {"support": self._support} if claims else {}


def _unavailable(error: Exception) -> Refusal:
    """What a fault of the models or of Tesseract is told as; the log names it."""
    _log.error("%s: %s", current().request_id, error)
    return Refusal(Code.UNAVAILABLE, "the models cannot answer now.")


Memes.add_asgi_middleware(Door)  # type: ignore[attr-defined] # the decorator has made a Service of the class
