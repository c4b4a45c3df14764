"""The models' forward passes, over whatever memes wait, in a thread of their own."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from symptomeme.domain.threads import THREADS
from symptomeme.serving.batching import Batcher
from symptomeme.serving.line import Line
from symptomeme.serving.metrics import metrics

if TYPE_CHECKING:
    from symptomeme.predictor import Prediction, Predictor

Meme = tuple[Image.Image, str]


class Forward:
    """Runs passes one after another, on one core."""

    def __init__(self, *, most: int, before: Line) -> None:
        """Take the most memes in one pass, and the line in which other memes wait to be read before."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="forward", initializer=use_one_core)
        self._batcher = Batcher(self._thread, most=most, before=before)

    async def __call__(self, predictor: "Predictor", task: str, picture: Image.Image, text: str) -> "Prediction":
        """What a model says of one meme."""
        return await self._batcher(_Pass(predictor, task), (picture, text))

    def close(self) -> None:
        """End when the pass that runs has ended; what waits is called off."""
        self._thread.shutdown(cancel_futures=True)


def use_one_core() -> None:
    """Keep torch from waiting, at every layer, for a second thread whose core reads words."""
    import torch  # noqa: PLC0415

    torch.set_num_threads(THREADS)


@dataclass(frozen=True)
class _Pass:
    """A forward pass of one model."""

    predictor: "Predictor"
    task: str

    def __call__(self, memes: Sequence[Meme]) -> "list[Prediction]":
        metrics().forward_memes.labels(self.task).observe(len(memes))
        return self.predictor.predict([picture for picture, _ in memes], [text for _, text in memes])
