"""Take in a published checkpoint as a variant, trained further or not, and score it.

It does in one stage what train and evaluate do for other variants: DVC knows no dependency that may be missing, so that
theirs cannot name the checkpoint, and there is this stage only where params.yaml tells of one.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from accelerate import PartialState

from symptomeme.domain.digests import of_code, of_file, of_folder, of_value
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import published_checkpoint, task_paths
from symptomeme.domain.sections.evaluation import EvaluateParams
from symptomeme.domain.sections.published import CheckpointParams, PublishedVariantParams
from symptomeme.domain.sections.training import BaseParams, TrainParams
from symptomeme.domain.sections.words import OcrParams
from symptomeme.learning.batches import Encoded, read_memes
from symptomeme.learning.build import describe, prepare_torch
from symptomeme.learning.fit import computed_with, is_main_process
from symptomeme.learning.frozen import freeze
from symptomeme.learning.int8 import require
from symptomeme.learning.predict import predict
from symptomeme.models.published import published_processor, read_published
from symptomeme.models.published_config import Heads
from symptomeme.stages import evaluate
from symptomeme.stages.deciding import validation_score
from symptomeme.stages.saving import write_variant
from symptomeme.stages.train import SET_AFTER, encoded, learn


def run(
    task: Task,
    variant: str,
    base: BaseParams,
    ocr: OcrParams,
    options: TrainParams,
    scoring: EvaluateParams,
    checkpoint: CheckpointParams,
    described: PublishedVariantParams,
) -> None:
    """Import, train if so described, calibrate, save and score one variant."""
    prepare_torch(threads=base.threads)
    require(options.runtime)
    make(task, variant, base, ocr, options, checkpoint, described)
    if is_main_process():
        evaluate.run(task, variant, base, scoring)


def make(
    task: Task,
    variant: str,
    base: BaseParams,
    ocr: OcrParams,
    options: TrainParams,
    checkpoint: CheckpointParams,
    described: PublishedVariantParams,
) -> None:
    """Import a checkpoint, train it if so described, and write what train leaves of a variant.

    It is calibrated on validation memes that the checkpoint has not seen; without these it decides as published.
    """
    paths, file = task_paths(task.name), published_checkpoint(checkpoint.folder, task.name)
    heads = Heads(checkpoint.text_heads, checkpoint.vision_heads, checkpoint.fusion_heads)
    model = read_published(file, task=task, heads=heads)
    model.to(PartialState().device)
    processor = published_processor(model.config, tokenizer=Path(checkpoint.tokenizer))
    describe(model, variant, options, ocr)
    if described.train:
        freeze(model, options)
    memes = read_memes(task)
    val = encoded(model, memes[memes.split == "val"], task, processor)
    seen = (memes.split == "train") | (memes.origin == "train")  # it was trained on all that was published so
    fitted_on = unseen(val, seen[memes.split == "val"])
    told = {"sha256": of_file(file), "fitted_on": len(fitted_on)}
    trained_with = {
        **{name: section.model_dump() for name, section in (("base", base), ("ocr", ocr), ("train", options))},
        "published": {**checkpoint.model_dump(), **described.model_dump(), **told},
    }
    if described.train:
        train = encoded(model, memes[memes.split == "train"], task, processor)
        tables = [of_file(table) for table in (paths.valid, paths.texts, paths.reasoning)]
        inputs = [*tables, of_folder(Path(checkpoint.tokenizer))]
        code = of_code(["torch", "transformers", "accelerate"])
        trained = {**trained_with, "train": options.model_dump(exclude=SET_AFTER)}
        key = of_value([task.name, variant, inputs, trained, computed_with(options), code])
        curve = learn(task, variant, model, train, val, options, seed=base.seed, key=key)
    else:
        curve = [{"epoch": 0, **validation_score(predict(model, val), val, thresholds=options.thresholds)}]
    if is_main_process():
        out = paths.variant(variant)
        write_variant(
            out, model, processor, memes, val, curve, options, trained_with=trained_with, seen=seen, fitted_on=fitted_on
        )


def unseen(val: Encoded, seen: pd.Series) -> npt.NDArray[np.intp]:
    """Places of the validation memes that a checkpoint has not seen, if they hold every class that validation holds.

    Else none: it is surer of memes that it was trained on than of new ones, and what is fitted on them misleads.

    Args:
        val: V memes.
        seen: which of them it was trained on, bool (V,).
    """
    rows = np.flatnonzero(~seen.to_numpy())
    whole = np.array_equal(val.labels[rows].any(axis=0), val.labels.any(axis=0))
    return rows if whole else rows[:0]
