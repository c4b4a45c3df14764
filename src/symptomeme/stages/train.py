"""Train a variant of the classifier, beside a linear one where wanted; on validation fit what it decides by."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from symptomeme.domain.digests import of_code, of_file, of_folder, of_value
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import TaskPaths, cache, task_paths
from symptomeme.domain.sections.model import ModelParams
from symptomeme.domain.sections.training import BaseParams, TrainParams, VariantParams
from symptomeme.domain.sections.words import OcrParams
from symptomeme.learning.batches import Encoded, encode, read_memes, with_reasoning
from symptomeme.learning.build import encoder_folders, load_processor, prepare_torch, variant_model
from symptomeme.learning.fit import Curve, computed_with, fit, is_main_process
from symptomeme.learning.frozen import freeze, remember
from symptomeme.learning.int8 import require
from symptomeme.learning.predict import predict
from symptomeme.learning.stacking import stack
from symptomeme.lifecycle.live import live_curves
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.processor import SymptomProcessor
from symptomeme.stages.deciding import validation_score
from symptomeme.stages.saving import training_params, write_variant

Floats = npt.NDArray[np.float64]

SET_AFTER = {"linear_strength", "calibration", "abstain", "runtime", "min_agreement"}
"""Of `TrainParams`, what comes into a model once it is trained: another value trains nothing again."""


def run(
    task: Task,
    variant: str,
    base: BaseParams,
    model_params: ModelParams,
    ocr: OcrParams,
    options: TrainParams,
    described: VariantParams,
) -> None:
    """Train, calibrate and save one variant; in int8 too, where that is wanted and answers alike."""
    require(options.runtime)
    memes = read_memes(task)
    model, processor, val, curve = trained(task, memes, variant, base, model_params, ocr, options, described)
    if is_main_process():
        paths = task_paths(task.name)
        trained_with = training_params(paths, described, base, model_params, ocr, options)
        write_variant(paths.variant(variant), model, processor, memes, val, curve, options, trained_with=trained_with)


class Trained(NamedTuple):
    """A model that was trained and is not calibrated yet, and what it was trained with."""

    model: SymptomClassifier
    processor: SymptomProcessor
    val: Encoded
    curve: Curve


def trained(
    task: Task,
    memes: pd.DataFrame,
    variant: str,
    base: BaseParams,
    model_params: ModelParams,
    ocr: OcrParams,
    options: TrainParams,
    described: VariantParams,
) -> Trained:
    """Train one variant on memes of a task, as `read_memes` gives them, and write nothing but checkpoints."""
    prepare_torch(threads=base.threads)
    paths = task_paths(task.name)
    processor = load_processor(model_params)
    processor.ngrams = described.text and options.linear_strength is not None
    model = variant_model(
        task,
        variant,
        described,
        model_params,
        options,
        ocr,
        aligned=paths.aligned,
        separator=processor.separator,
        seed=base.seed,
    )
    freeze(model, options)
    model.config.reasoning = with_reasoning(memes)
    train, val = (encoded(model, memes[memes.split == split], task, processor) for split in ("train", "val"))
    key = _key(task, memes, variant, described, paths, model_params, options, base)
    curve = learn(task, variant, model, train, val, options, seed=base.seed, key=key)
    if options.linear_strength is not None:
        processor.ngrams = stack(model, train, val, strength=options.linear_strength) > 0
        val = val if processor.ngrams else replace(val, ngrams=None)
    return Trained(model, processor, val, curve)


def encoded(model: SymptomClassifier, memes: pd.DataFrame, task: Task, processor: SymptomProcessor) -> Encoded:
    """Memes as the model takes them; what of it is frozen has run."""
    config = model.config
    reads = {"text": config.text, "image": config.image, "reasoning": config.reasoning}
    return remember(model, encode(memes, task, processor, **reads))


def learn(
    task: Task,
    variant: str,
    model: SymptomClassifier,
    train: Encoded,
    val: Encoded,
    options: TrainParams,
    *,
    seed: int,
    key: str,
) -> Curve:
    """Train a model in place; `key` is a digest of all that the result depends on."""
    with live_curves(f"{task.name}-{variant}", checkpoint=key) as on_epoch:
        return fit(
            model,
            replace(train, augmentation=options.augmentation),
            loss_of=lambda network, batch: network(**batch).loss,
            score=lambda: validation_score(predict(model, val), val, thresholds=options.thresholds),
            options=options,
            patience=options.patience,
            seed=seed,
            checkpoint=cache("train", key),
            what=variant,
            on_epoch=on_epoch,
        )


def _key(
    task: Task,
    memes: pd.DataFrame,
    variant: str,
    described: VariantParams,
    paths: TaskPaths,
    model: ModelParams,
    options: TrainParams,
    base: BaseParams,
) -> str:
    read = [of_file(paths.valid), memes.text.tolist(), memes.reasoning.tolist()]  # words as the model gets them
    folders = [of_folder(folder) for folder in (*encoder_folders(model), Path(paths.aligned))]
    sections = [described.model_dump(), model.model_dump(), options.model_dump(exclude=SET_AFTER), base.model_dump()]
    code = of_code(["torch", "transformers", "accelerate"])
    return of_value([task.name, variant, read, folders, sections, computed_with(options), code])
