"""Out-of-fold logits, kept by what made them: of a neural model with one change, and of the linear peer."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import Tensor, nn

from symptomeme.domain.digests import of_folder, of_value
from symptomeme.domain.labels import TASKS, Task
from symptomeme.domain.layout import CACHE
from symptomeme.domain.params import Params
from symptomeme.domain.sections.model import ModelParams
from symptomeme.domain.sections.training import TrainParams
from symptomeme.domain.writing import replacing
from symptomeme.learning.batches import Batch, Encoded, encode, indicators
from symptomeme.learning.build import fresh_model, load_processor
from symptomeme.learning.fit import fit
from symptomeme.learning.frozen import freeze, remember
from symptomeme.learning.linear import STRENGTHS, WEIGHTS, regressions, tfidf
from symptomeme.learning.predict import predict
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.stages.train import SET_AFTER

Floats = npt.NDArray[np.float64]
Values = TypeVar("Values", ModelParams, TrainParams)
LossOf = Callable[[nn.Module, Batch], Tensor]

KEPT = CACHE / "benchmarks" / "quality"
UNUSED = {"patience", "thresholds", *SET_AFTER}
"""Of section `train`, what is used only after the epochs, none of which is chosen here."""
REVISION = 1  # raised by hand when cells of the same name and settings would hold something else


@dataclass(frozen=True, kw_only=True)
class Idea:
    """A change of the neural model of profile `real`, text only."""

    model: dict[str, Any] = field(default_factory=dict)  # params of section `model` that differ
    train: dict[str, Any] = field(default_factory=dict)  # of section `train`
    loss_of: LossOf = lambda network, batch: network(**batch).loss
    prepare: Callable[[SymptomClassifier], None] = lambda _: None  # changes parts of the fresh model
    rows: Callable[[pd.DataFrame], pd.DataFrame] = lambda memes: memes  # those it is trained on, of what it may be
    reasoning: bool = False  # behind the words
    other_first: bool = False  # its text encoder has learned the other task: that of `encoder_of`
    revision: int = 1  # raised when the functions above change


def encoder_of(task: str) -> Path:
    """Where the text encoder that learned a task is kept."""
    return KEPT / "encoders" / task


def other_than(task: Task) -> str:
    """The name of the other task."""
    return next(name for name in TASKS if name != task.name)


def neural(memes: pd.DataFrame, task: Task, params: Params, name: str, idea: Idea, *, seed: int) -> Floats:
    """Logits (N, C) of each meme by the model that was trained on the other folds, its last epoch.

    Args:
        memes: with `key`, `text`, `labels`, `fold` and, if the idea wants it, `reasoning`.
        task: theirs.
        params: of profile `real`.
        name: of the idea.
        idea: what differs.
        seed: of weights, dropout and batches.
    """
    start = {"text_encoder": str(encoder_of(other_than(task)))} if idea.other_first else {}
    model, options = changed(params.model, {**idea.model, **start}), changed(params.train, idea.train)
    sizes, trained = model.model_dump(exclude={"text_encoder", "vision_encoder"}), options.model_dump(exclude=UNUSED)
    encoder = of_folder(Path(model.text_encoder))
    given = [memes.reasoning.tolist()] if idea.reasoning else []
    made_of = [*_made_of(memes, task), *given, name, idea.revision, encoder, sizes, trained, seed]
    logits = np.zeros((len(memes), len(task.labels)))
    for fold in sorted(memes.fold.unique()):
        held_out = (memes.fold == fold).to_numpy()
        digest = of_value([*made_of, int(fold)])
        compute = partial(_trained, memes, held_out, task, model, options, idea, seed=seed, digest=digest)
        logits[held_out] = kept(digest, compute)
    return logits


def linear(memes: pd.DataFrame, task: Task) -> dict[tuple[float, str | None], Floats]:
    """Log odds (multi label) or log probabilities (N, C), out of fold, for each strength and class weights."""
    truth = indicators(memes.labels, task)
    names = [(strength, class_weight) for class_weight in WEIGHTS for strength in STRENGTHS]
    found = np.zeros((len(names), *truth.shape))
    for fold in sorted(memes.fold.unique()):
        held_out = (memes.fold == fold).to_numpy()
        split = memes.assign(split=np.where(held_out, "val", "train"))
        digest = of_value([*_made_of(memes, task), "linear", int(fold)])
        found[:, held_out] = kept(digest, partial(_linear_scores, split, held_out, truth, task))
    safe = np.clip(found, 1e-6, 1 - 1e-6)
    logits = np.log(safe) - np.log1p(-safe) if task.multi_label else np.log(safe)
    return dict(zip(names, logits, strict=True))


def _linear_scores(
    memes: pd.DataFrame, held_out: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_], task: Task
) -> Floats:
    tries = regressions(tfidf(memes), truth, ~held_out, multi_label=task.multi_label)
    return np.stack([found.probabilities[held_out] for found in tries])


def kept(digest: str, compute: Callable[[], npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """What was computed under this digest before, or now."""
    file: Path = KEPT / digest / "found.npy"
    if not file.is_file():
        found = compute()
        with replacing(file.parent) as beside:
            beside.mkdir(parents=True)
            np.save(beside / file.name, found)
    return np.asarray(np.load(file))


def changed(section: Values, values: dict[str, Any]) -> Values:
    """A section with other values, checked."""
    return type(section)(**{**section.model_dump(), **values})


def _trained(
    memes: pd.DataFrame,
    held_out: npt.NDArray[np.bool_],
    task: Task,
    params: ModelParams,
    options: TrainParams,
    idea: Idea,
    *,
    seed: int,
    digest: str,
) -> Floats:
    places = _places(idea.rows(memes[~held_out]), memes)
    checkpoint = KEPT / "checkpoints" / digest
    model, examples = trained(memes, places, task, params, options, idea, seed=seed, checkpoint=checkpoint)
    return predict(model, _rows(examples, np.flatnonzero(held_out))).logits


def trained(
    memes: pd.DataFrame,
    places: npt.NDArray[np.intp],
    task: Task,
    params: ModelParams,
    options: TrainParams,
    idea: Idea,
    *,
    seed: int,
    checkpoint: Path,
) -> tuple[SymptomClassifier, Encoded]:
    """A model of text alone after its last epoch on the memes at these places, and all memes as it reads them."""
    processor = load_processor(params)
    model = fresh_model(task, params, separator=processor.separator, seed=seed, image=False)
    freeze(model, options)
    idea.prepare(model)
    examples = remember(model, encode(memes, task, processor, text=True, image=False, reasoning=idea.reasoning))
    fit(
        model,
        _rows(examples, places),
        loss_of=idea.loss_of,
        score=lambda: {"score": 0.0},
        options=options,
        patience=None,
        seed=seed,
        checkpoint=checkpoint,
        what="quality",
    )
    return model, examples


def _rows(examples: Encoded, places: npt.NDArray[np.intp]) -> Encoded:
    ids, states = examples.input_ids, examples.text_states
    return replace(
        examples,
        input_ids=None if ids is None else [ids[place] for place in places],
        text_states=None if states is None else [states[place] for place in places],
        labels=examples.labels[places],
    )


def _places(chosen: pd.DataFrame, memes: pd.DataFrame) -> npt.NDArray[np.intp]:
    return memes.index.get_indexer(chosen.index)


def _made_of(memes: pd.DataFrame, task: Task) -> list[Any]:
    return [REVISION, task.name, memes[["key", "text", "labels", "fold"]].to_numpy().tolist()]
