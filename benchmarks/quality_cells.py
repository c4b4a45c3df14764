"""Out-of-fold logits, kept by what made them: of a neural model with one change, and of the linear peer."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from quality_training import Floats, Idea, changed, taken, trained

from symptomeme.domain.digests import of_folder, of_value
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import CACHE
from symptomeme.domain.params import Params
from symptomeme.domain.sections.model import ModelParams
from symptomeme.domain.sections.training import TrainParams
from symptomeme.domain.writing import replacing
from symptomeme.learning.batches import indicators
from symptomeme.learning.linear import STRENGTHS, WEIGHTS, regressions, tfidf
from symptomeme.learning.predict import predict
from symptomeme.stages.train import SET_AFTER

KEPT = CACHE / "benchmarks" / "quality"
UNUSED = {"patience", "thresholds", *SET_AFTER}
"""Of section `train`, what is used only after the epochs, none of which is chosen here."""
REVISION = 2  # raised by hand when cells of the same name and settings would hold something else


def neural(
    memes: pd.DataFrame,
    task: Task,
    params: Params,
    name: str,
    idea: Idea,
    *,
    others: pd.DataFrame | None = None,
    seed: int,
) -> Floats:
    """Logits (N, C) of each meme by the model that was trained on the other folds, its last epoch.

    Args:
        memes: with `key`, `text`, `labels`, `cluster`, `fold` and, if the idea wants it, `reasoning`.
        task: theirs.
        params: of profile `real`.
        name: of the idea.
        idea: what differs.
        others: memes of the other task, for an idea that learns both.
        seed: of weights, dropout and batches.
    """
    model, options = changed(params.model, idea.model), changed(params.train, idea.train)
    sizes, used = model.model_dump(exclude={"text_encoder", "vision_encoder"}), options.model_dump(exclude=UNUSED)
    encoder = of_folder(Path(model.text_encoder))
    given = [memes.reasoning.tolist()] if idea.reasoning else []
    if idea.beside and others is not None:
        given.append(others[["key", "text", "labels"]].to_numpy().tolist())
    made_of = [*_made_of(memes, task), *given, name, idea.revision, idea.layer_decay, encoder, sizes, used, seed]
    logits = np.zeros((len(memes), len(task.labels)))
    for fold in sorted(memes.fold.unique()):
        held_out = (memes.fold == fold).to_numpy()
        digest = of_value([*made_of, int(fold)])
        compute = partial(_logits, memes, held_out, task, model, options, idea, others=others, seed=seed, digest=digest)
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


def _logits(
    memes: pd.DataFrame,
    held_out: npt.NDArray[np.bool_],
    task: Task,
    params: ModelParams,
    options: TrainParams,
    idea: Idea,
    *,
    others: pd.DataFrame | None,
    seed: int,
    digest: str,
) -> Floats:
    checkpoint = KEPT / "checkpoints" / digest
    model, examples = trained(
        memes, memes[~held_out], task, params, options, idea, others=others, seed=seed, checkpoint=checkpoint
    )
    return predict(model, taken(examples, np.flatnonzero(held_out))).logits


def _made_of(memes: pd.DataFrame, task: Task) -> list[Any]:
    return [REVISION, torch.get_num_threads(), task.name, memes[["key", "text", "labels", "fold"]].to_numpy().tolist()]
