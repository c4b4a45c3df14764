"""A model folder becomes answers: the one path for the command line, the registered model and serving."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from pydantic import ValidationError

from symptomeme.data.transforms import read_picture
from symptomeme.domain.digests import of_file
from symptomeme.domain.errors import ModelError
from symptomeme.domain.params import read_params
from symptomeme.domain.progress import note
from symptomeme.domain.sections.words import OcrParams
from symptomeme.models.decision import abstains, decide
from symptomeme.models.outputs import calibrated
from symptomeme.models.processor import SymptomProcessor
from symptomeme.models.runtime import load_runtime
from symptomeme.text.engines import engine_of
from symptomeme.text.masking import masked
from symptomeme.text.ocr import NOT_READ, OcrEngine, Reading, Unread, reading_of_given, without_persons

_engine_of = cache(engine_of)

NOTICE = (
    "This describes a meme, not the person who made or shared it. It is a research tool and no diagnosis; "
    "do not use it to judge, screen or treat anyone."
)


class Prediction(NamedTuple):
    """What a model says of one meme: claimed labels (none when it abstains), and what they rest on."""

    labels: list[str]
    probabilities: dict[str, float]
    thresholds: dict[str, float]
    abstain: bool
    embedding: list[float]
    """The contrastive embedding of the fused feature, unit length: for monitoring, not part of an answer."""

    def told(self) -> dict[str, Any]:
        """What an answer says of it."""
        return {name: value for name, value in self._asdict().items() if name != "embedding"}


class Predictor:
    """One model, loaded once."""

    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        """Load a model folder.

        Args and Raises: as `load_runtime`.
        """
        self.folder = folder
        self.model = load_runtime(folder, threads=threads)
        self.processor = SymptomProcessor.from_pretrained(folder)
        self.config = self.model.config

    def predict(
        self, pictures: list[Image.Image], texts: list[str], reasonings: list[str] | None = None
    ) -> list[Prediction]:
        """Predict N memes, each an RGB picture and the words in it (empty where there are none).

        Reasoning behind the words is used only by a model that was trained with it.

        Raises:
            ModelError: what it says is no number.
        """
        inputs = self.processor(
            text=texts if self.config.text else None,
            reasoning=reasonings if self.config.text and self.config.reasoning else None,
            images=pictures if self.config.image else None,
        )
        with torch.inference_mode():
            output = self.model(**inputs)
            scores = calibrated(output.logits, self.config).numpy()
        if not np.isfinite(scores).all():
            raise ModelError(
                f"model {self.folder}: its answers hold NaN or infinity: its weights are damaged, or its training has "
                "diverged. Bring them back, or train it again."
            )
        multi_label = self.config.problem_type == "multi_label_classification"
        names = [self.config.id2label[index] for index in range(scores.shape[1])]
        limits = np.array([self.config.thresholds[name] for name in names])
        claimed = decide(scores, thresholds=limits, multi_label=multi_label)
        least = self.config.min_confidence
        silent = abstains(scores, thresholds=limits, min_confidence=least, multi_label=multi_label)
        return [
            Prediction(
                labels=[] if mute else [name for name, is_on in zip(names, row, strict=True) if is_on],
                probabilities=dict(zip(names, score.tolist(), strict=True)),
                thresholds=dict(zip(names, limits.tolist(), strict=True)),
                abstain=bool(mute),
                embedding=place.tolist(),
            )
            for row, score, mute, place in zip(claimed, scores, silent, output.fused_embedding, strict=True)
        ]


@dataclass(frozen=True, kw_only=True)
class Served:
    """A loaded model with the name it is known by: a folder's, or a registered version's."""

    predictor: Predictor
    name: str
    version: str | None

    @property
    def task(self) -> str:
        """The task it was trained for."""
        return str(self.predictor.config.task)

    def told(self) -> dict[str, str | None]:
        """How an answer names its model."""
        return {"name": self.name, "version": self.version, "variant": self.predictor.config.variant}


class Features(NamedTuple):
    """What monitoring compares of one meme under one model; neither its picture nor its words."""

    text_length: int  # characters
    ocr_confidence: float | None  # percent
    embedding: list[float]


class Examined(NamedTuple):
    """An answer, by task the features and the words that it rests on, and by step what was done for it."""

    answer: dict[str, Any]
    features: dict[str, Features]
    texts: dict[str, str]
    took: dict[str, float]  # milliseconds, unrounded, of the steps that were taken: none that was known already


def answer(
    image: Path | bytes, named: str, models: Sequence[Served], text: str | None, reasoning: str | None = None
) -> dict[str, Any]:
    """All models' predictions of one image, as docs/model-output.md describes them: `examine` without the features."""
    return examine(image, named, models, text, reasoning).answer


def examine(
    image: Path | bytes, named: str, models: Sequence[Served], text: str | None, reasoning: str | None = None
) -> Examined:
    """All models' predictions of one image, as docs/model-output.md describes them, and features of the meme.

    Args:
        image: a file, or its bytes.
        named: what the answer, and an error, call it.
        models: at most one a task.
        text: the words in it; None: each model's own engine reads them.
        reasoning: what stands behind them, for models that were trained with it; None: nothing.

    Raises:
        ImageError: it cannot be read.
        ModelError: there is no text, and a model is of a version that read words otherwise.
        ToolError: Tesseract is missing or failed.
    """
    took: dict[str, float] = {}
    with _timed(took, "picture"):
        picture = read_picture(image, where=named)
    words: dict[str, Words] = {}
    found: list[Prediction] = []
    for served in models:
        ocr = served.predictor.config.ocr
        settings = settings_key(ocr)
        if settings not in words:
            with _timed(took, "ocr"):
                if text is None:
                    engine = _engine_of(ocr_params(ocr))
                    words[settings] = words_read(engine, picture, ocr)
                    if isinstance(words[settings].reading, Unread):
                        note(f"{named}: {NOT_READ}")
                else:
                    words[settings] = words_given(text, ocr)
        with _timed(took, served.task):
            reasonings = None if reasoning is None else [given_as_known(reasoning, ocr)]
            found += served.predictor.predict([picture], [words[settings].reading.text], reasonings)
    sha256 = of_file(image) if isinstance(image, Path) else hashlib.sha256(image).hexdigest()
    told = [words[settings_key(served.predictor.config.ocr)] for served in models]
    return examined(named, sha256, list(zip(models, told, found, strict=True)), took)


class Words(NamedTuple):
    """The words in a meme as a model gets them, and where they are from."""

    reading: Reading
    source: str


def settings_key(ocr: dict[str, Any] | None) -> str:
    """The same for models that read words alike."""
    return json.dumps(ocr, sort_keys=True)


def words_given(text: str, ocr: dict[str, Any] | None) -> Words:
    """Words that came with the picture, as the model's memes had theirs."""
    reading = reading_of_given(text)
    return Words(without_persons(reading) if _masks(ocr) else reading, "given")


def given_as_known(text: str, ocr: dict[str, Any] | None) -> str:
    """Words or reasoning that came with a picture, masked as the words were that a model was trained on."""
    return masked(text) if _masks(ocr) else text


def _masks(ocr: dict[str, Any] | None) -> bool:
    """Whether the words of its memes were masked: a model of before there was masking is given what it knows."""
    return bool((ocr or {}).get("mask_personal", False))


def words_read(engine: OcrEngine, picture: Image.Image, ocr: dict[str, Any] | None) -> Words:
    """Words that an engine reads with a model's params.

    Raises:
        ModelError: the params are of another version.
        ToolError: the engine failed.
    """
    reading = engine.read([picture])[0]
    return Words(without_persons(reading) if ocr_params(ocr).mask_personal else reading, engine.settings)


def examined(
    named: str, sha256: str, found: Sequence[tuple[Served, Words, Prediction]], took: Mapping[str, float]
) -> Examined:
    """The answer that is made of what models say, the first one's words in it.

    Args:
        named: what it calls the image.
        sha256: of the image.
        found: models with the words they were given and what they say.
        took: milliseconds of the steps that were taken; the answer tells 0.0 of the others.
    """
    first = found[0][1]
    steps = ["picture", "ocr", *(served.task for served, _, _ in found)]
    told = {
        "image": named,
        "sha256": sha256,
        "text": {"value": first.reading.text, "confidence": first.reading.confidence, "engine": first.source},
        "tasks": {served.task: {**said.told(), "model": served.told()} for served, _, said in found},
        "milliseconds": {step: round(took.get(step, 0.0), 1) for step in steps},
        "notice": NOTICE,
    }
    features = {
        served.task: Features(len(words.reading.text), words.reading.confidence, said.embedding)
        for served, words, said in found
    }
    return Examined(told, features, {served.task: words.reading.text for served, words, _ in found}, dict(took))


def ocr_params(ocr: dict[str, Any] | None) -> OcrParams:
    """How a model's words are read: its own params, else those of params.yaml.

    Raises:
        ModelError: they are of another version.
    """
    if not ocr:
        return read_params().ocr
    try:
        return OcrParams(**ocr)
    except ValidationError as error:
        keys = ", ".join(sorted({str(fault["loc"][0]) for fault in error.errors()}))
        raise ModelError(
            f"the model's config: its ocr params are of another version of symptomeme ({keys}). Train it again, "
            "or give the words with the picture."
        ) from None


@contextmanager
def _timed(took: dict[str, float], step: str) -> Iterator[None]:
    start = perf_counter()
    yield
    took[step] = took.get(step, 0.0) + 1000 * (perf_counter() - start)
