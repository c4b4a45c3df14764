"""Explanations, which cost many passes: one is made at a time, in a thread of its own, and few may wait."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from symptomeme.data.transforms import read_picture
from symptomeme.serving.door.codes import Code, Refusal
from symptomeme.serving.following import Models
from symptomeme.serving.forward import use_one_core
from symptomeme.serving.metrics import metrics

if TYPE_CHECKING:
    from symptomeme.explaining.explainer import Explainer
    from symptomeme.predictor import Examined, Predictor

STEP = "explanation"


class Explaining:
    """Explains for all requests of one process."""

    def __init__(self, *, most: int) -> None:
        """Take how many may be explained or wait for it."""
        self._most, self._within, self._has_ended = most, set[Future[dict[str, Any]]](), False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="explaining", initializer=use_one_core)
        # of a model that is no longer served nothing is kept
        self._explainers: WeakKeyDictionary[Predictor, Explainer] = WeakKeyDictionary()

    def check(self) -> None:
        """Whether there is room for one more.

        Raises:
            Refusal: there is none, or the service is ending.
        """
        if self._has_ended:
            raise Refusal(Code.NOT_READY, "the service is ending.")
        if len(self._within) >= self._most:
            raise Refusal(Code.BUSY, f"{len(self._within)} explanations wait already.")

    async def explain(
        self, image: bytes, found: "Examined", models: Models, labels: Sequence[str] | None
    ) -> dict[str, Any]:
        """What moved the labels of one meme, as docs/explaining.md describes it.

        Who is cancelled is let go at once; what has begun goes on to its end, and counts until then.

        Args:
            image: a file whose picture can be shown.
            found: what the models say of it.
            models: by task.
            labels: those to explain; None: of each task those claimed, else the most probable.

        Raises:
            Refusal: too many wait, or the service is ending.
            ModelError: a model's tokenizer does not tell where in a text its tokens stand.
        """
        self.check()
        begun = self._thread.submit(self._explain, image, found, models, labels)
        self._within.add(begun)
        begun.add_done_callback(self._within.discard)
        told = await asyncio.wrap_future(begun)
        metrics().step_seconds.labels(STEP).observe(told["milliseconds"][STEP] / 1000)
        return told

    def close(self) -> None:
        """End when what is being explained has been; what waits is called off."""
        self._has_ended = True
        self._thread.shutdown(cancel_futures=True)

    def _explain(self, image: bytes, found: "Examined", models: Models, labels: Sequence[str] | None) -> dict[str, Any]:
        from symptomeme.explaining.explainer import Explainer  # noqa: PLC0415 - torch, which building does without
        from symptomeme.explaining.explanation import explanation  # noqa: PLC0415

        for served in models.values():
            if served.predictor not in self._explainers:
                self._explainers[served.predictor] = Explainer.of(served.predictor)
        explainers = {task: self._explainers[served.predictor] for task, served in models.items()}
        return explanation(found, explainers, read_picture(image), labels)
