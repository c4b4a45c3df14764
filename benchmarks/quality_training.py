"""A neural model of text alone with one change, trained for all its epochs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from quality_losses import beside, plain
from quality_rates import layer_wise
from quality_words import words_guessed

from symptomeme.domain.labels import TASKS, Task
from symptomeme.domain.sections.model import ModelParams
from symptomeme.domain.sections.training import TrainParams
from symptomeme.learning.batches import Batch, Encoded, encode
from symptomeme.learning.build import fresh_model, load_processor
from symptomeme.learning.fit import LossOf, fit
from symptomeme.learning.frozen import freeze, remember
from symptomeme.models.classifier import SymptomClassifier

Floats = npt.NDArray[np.float64]
Values = TypeVar("Values", ModelParams, TrainParams)


@dataclass(frozen=True, kw_only=True)
class Idea:
    """A change of the neural model of profile `real`, text only."""

    model: dict[str, Any] = field(default_factory=dict)  # params of section `model` that differ
    train: dict[str, Any] = field(default_factory=dict)  # of section `train`
    words_first: bool = False  # its text encoder has guessed hidden words of the memes it is trained on before
    loss_for: Callable[[Encoded], LossOf] = lambda _: plain  # of the memes it is trained on
    layer_decay: float = 1.0  # of the text encoder's learning rate, from each layer to the one below
    prepare: Callable[[SymptomClassifier], None] = lambda _: None  # changes parts of the fresh model
    weights: Callable[[pd.DataFrame], Floats] | None = None  # of the memes, (N,), in each batch's `weights`
    reasoning: bool = False  # behind the words
    beside: bool = False  # the other task is learned too, by the same text encoder
    revision: int = 1  # raised when the functions above change


@dataclass(frozen=True, kw_only=True)
class Weighed(Encoded):
    """Memes with a weight each, float (N,)."""

    weights: Floats

    def collate(self, indices: list[int]) -> Batch:
        """One batch, with their `weights`."""
        return {**super().collate(indices), "weights": torch.from_numpy(self.weights[indices]).float()}


def changed(section: Values, values: dict[str, Any]) -> Values:
    """A section with other values, checked."""
    return type(section)(**{**section.model_dump(), **values})


def trained(
    memes: pd.DataFrame,
    chosen: pd.DataFrame,
    task: Task,
    params: ModelParams,
    options: TrainParams,
    idea: Idea,
    *,
    others: pd.DataFrame | None = None,
    seed: int,
    checkpoint: Path,
) -> tuple[SymptomClassifier, Encoded]:
    """A model of text alone after its last epoch, and all memes as it reads them.

    Args:
        memes: all, with `text`, `labels` and, where an idea wants them, `reasoning` and `cluster`.
        chosen: those of them to train on.
        task: theirs.
        params: section `model`.
        options: section `train`.
        idea: what differs.
        others: memes of the other task, for an idea that learns both.
        seed: of weights, dropout and batches.
        checkpoint: where an epoch is kept.
    """
    with _started(params, idea, chosen, seed) as start:
        model, examples = _model(memes, task, start, options, idea, seed=seed)
    train = taken(examples, memes.index.get_indexer(chosen.index))
    if idea.weights is not None:
        train = Weighed(**vars(train), weights=idea.weights(chosen))
    loss_of = idea.loss_for(train)
    if idea.beside:
        assert others is not None, "an idea that learns both tasks needs memes of the other one"
        other = next(found for found in TASKS.values() if found != task)
        second, seconds = _model(others, other, params, options, Idea(), seed=seed)
        loss_of = beside(model, loss_of, second, seconds, batch_size=options.batch_size)
    with layer_wise(idea.layer_decay):
        fit(
            model,
            train,
            loss_of=loss_of,
            score=lambda: {"score": 0.0},
            options=options,
            patience=None,
            seed=seed,
            checkpoint=checkpoint,
            what="quality",
        )
    return model, examples


def taken(examples: Encoded, places: npt.NDArray[np.intp]) -> Encoded:
    """Some of the memes, with what the frozen layers gave for them."""
    states = examples.text_states
    return replace(examples.of(places), text_states=None if states is None else [states[place] for place in places])


@contextmanager
def _started(params: ModelParams, idea: Idea, chosen: pd.DataFrame, seed: int) -> Iterator[ModelParams]:
    """The section with the text encoder that an idea starts from."""
    if not idea.words_first:
        yield params
        return
    texts = chosen.text.tolist()
    with words_guessed(texts, params.text_encoder, max_length=params.max_length, seed=seed) as folder:
        yield changed(params, {"text_encoder": folder})


def _model(
    memes: pd.DataFrame, task: Task, params: ModelParams, options: TrainParams, idea: Idea, *, seed: int
) -> tuple[SymptomClassifier, Encoded]:
    processor = load_processor(params)
    model = fresh_model(task, params, separator=processor.separator, seed=seed, image=False)
    freeze(model, options)
    idea.prepare(model)
    return model, remember(model, encode(memes, task, processor, text=True, image=False, reasoning=idea.reasoning))
