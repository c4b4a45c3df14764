"""Train one variant of the classifier; on validation fit its calibration, its thresholds and when it abstains."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from symptomeme.data.wording import normalise
from symptomeme.domain.digests import of_code, of_file, of_folder, of_text, of_value
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import INT8_MODEL, TRAINING_PARAMS, TaskPaths, VariantPaths, cache, task_paths
from symptomeme.domain.records import REFERENCE_ROWS, TRAINING_ROWS, write_rows
from symptomeme.domain.sections.model import ModelParams
from symptomeme.domain.sections.training import BaseParams, TrainParams, VariantParams
from symptomeme.domain.sections.words import OcrParams
from symptomeme.domain.writing import replacing, write_json
from symptomeme.evaluation.metrics import f1
from symptomeme.evaluation.selective import risks
from symptomeme.learning.batches import Encoded, encode, read_memes, with_reasoning
from symptomeme.learning.build import encoder_folders, load_processor, prepare_torch, variant_model
from symptomeme.learning.calibration import (
    fit_calibration,
    fit_min_confidence,
    fit_thresholds,
    negative_log_likelihood,
)
from symptomeme.learning.fit import Curve, computed_with, fit, is_main_process
from symptomeme.learning.frozen import freeze, remember
from symptomeme.learning.int8 import answering, require
from symptomeme.learning.predict import Outputs, predict
from symptomeme.lifecycle.live import live_curves
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.decision import UNCALIBRATED, abstains, confidence, decide
from symptomeme.models.processor import SymptomProcessor

Floats = npt.NDArray[np.float64]

SET_AFTER = {"calibration", "abstain", "runtime", "min_agreement"}
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
    key = _key(task, variant, described, paths, model_params, options, base)
    curve = learn(task, variant, model, train, val, options, seed=base.seed, key=key)
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


def write_variant(
    out: VariantPaths,
    model: SymptomClassifier,
    processor: SymptomProcessor,
    memes: pd.DataFrame,
    val: Encoded,
    curve: Curve,
    options: TrainParams,
    *,
    trained_with: dict[str, Any],
    seen: pd.Series | None = None,
) -> None:
    """Calibrate a model on validation, put it into int8 where that is wanted, and write all that a variant leaves.

    Args:
        out: where to.
        model: trained.
        processor: its own.
        memes: all valid ones.
        val: those of validation, encoded.
        curve: its learning curve.
        options: how to calibrate.
        trained_with: sections of params.yaml, by name.
        seen: which memes it was trained on, bool (N,); None: those of train.
    """
    outputs = predict(model, val)
    calibrate(model, outputs, val, options)
    network, outputs = answering(model, outputs, val, options)
    write_model(out, model, processor, trained_with, network=network)
    with replacing(out.curves) as beside:
        pd.DataFrame(curve).to_csv(beside, index=False)
    write_training_memes(out, memes[memes.split == "train" if seen is None else seen])
    write_reference(out, memes[memes.split == "val"], model, outputs)


def write_model(
    out: VariantPaths,
    model: SymptomClassifier,
    processor: SymptomProcessor,
    trained_with: dict[str, Any],
    *,
    network: bytes | None,
) -> None:
    """Write the model folder; with the network in int8 where the model answers with that."""
    with replacing(out.model) as beside:
        model.save_pretrained(beside)
        if network is not None:
            (beside / INT8_MODEL).write_bytes(network)
        processor.save_pretrained(beside)
        write_json(beside / TRAINING_PARAMS, trained_with)


def training_params(
    paths: TaskPaths,
    described: VariantParams,
    base: BaseParams,
    model: ModelParams,
    ocr: OcrParams,
    options: TrainParams,
) -> dict[str, Any]:
    """What the variant was trained with, by section; with prealign's where it starts from aligned encoders."""
    sections = {"base": base, "model": model, "ocr": ocr, "train": options, "variant": described}
    told = {name: section.model_dump() for name, section in sections.items()}
    if described.start == "aligned":
        aligned = json.loads((paths.aligned / TRAINING_PARAMS).read_text(encoding="utf-8"))
        told["prealign"] = aligned["prealign"]
    return told


def validation_score(outputs: Outputs, val: Encoded, *, thresholds: str) -> dict[str, float]:
    """Validation figures of an epoch; `score` is the harmonic mean of macro-F1 and weighted-F1, as published."""
    scores = outputs.probabilities(UNCALIBRATED, multi_label=val.multi_label)
    predicted = decide(scores, thresholds=_thresholds(scores, val, thresholds), multi_label=val.multi_label)
    found = f1(val.labels, predicted)
    macro, weighted = float(np.nan_to_num(found.macro[0])), float(np.nan_to_num(found.weighted[0]))
    loss = negative_log_likelihood(outputs.logits, val.labels, temperature=1.0, multi_label=val.multi_label)
    return {
        "val_loss": round(loss, 6),
        "val_macro_f1": round(macro, 6),
        "val_weighted_f1": round(weighted, 6),
        "score": round(2 * macro * weighted / (macro + weighted) if macro + weighted else 0.0, 6),
    }


def calibrate(model: SymptomClassifier, outputs: Outputs, val: Encoded, options: TrainParams) -> None:
    """Put calibration, thresholds and the confidence below which to abstain, all fitted here, into the model's config.

    A single-label task is decided by the top probability; its thresholds say below which one to abstain.
    """
    config, multi_label = model.config, val.multi_label
    per_class = options.calibration == "per_class"
    found = fit_calibration(outputs.logits, val.labels, per_class=per_class, multi_label=multi_label)
    config.temperature = found.temperature
    config.class_calibration = found.by_class and dict(zip(config.labels, found.by_class, strict=True))
    scores = outputs.probabilities(config.calibration, multi_label=multi_label)
    thresholds = _thresholds(scores, val, options.thresholds)
    claimed = decide(scores, thresholds=thresholds, multi_label=multi_label)
    if "below" in options.abstain:  # a top probability, which says little where memes carry several labels
        least = 0.0 if multi_label else options.abstain["below"]
    else:
        sure = confidence(scores, claimed, multi_label=multi_label)
        least = fit_min_confidence(sure, risks(val.labels, claimed), options.abstain)
    config.abstain_below, config.min_confidence = (0.0, least) if multi_label else (least, 0.0)
    fitted = thresholds if multi_label else np.full(len(thresholds), least)
    config.thresholds = dict(zip(config.labels, fitted.tolist(), strict=True))


def write_training_memes(out: VariantPaths, train: pd.DataFrame) -> None:
    """Write by which hashes a later comparison knows what the model has seen."""
    rows = train[["key", "sha256", "cluster"]].assign(
        text_sha256=[of_text(normalise(text)) for text in train.text.tolist()]
    )
    write_rows(out.training_memes, rows, TRAINING_ROWS)


def write_reference(out: VariantPaths, val: pd.DataFrame, model: SymptomClassifier, outputs: Outputs) -> None:
    """Write features and scores of the validation memes, for later comparison with new memes; no text, no picture."""
    config, multi_label = model.config, model.config.problem_type == "multi_label_classification"
    scores = outputs.probabilities(config.calibration, multi_label=multi_label)
    thresholds = np.array(list(config.thresholds.values()))
    rows = val[["key"]].assign(
        text_length=val.text.str.len().astype("int32"),
        ocr_confidence=val.confidence,
        probabilities=[row.round(6).tolist() for row in scores],
        abstain=abstains(scores, thresholds=thresholds, min_confidence=config.min_confidence, multi_label=multi_label),
        embedding=[row.round(6).tolist() for row in outputs.embeddings],
    )
    write_rows(out.reference, rows, REFERENCE_ROWS)


def _thresholds(scores: Floats, val: Encoded, kind: str) -> Floats:
    if kind == "half" or not val.multi_label:
        return np.full(scores.shape[1], 0.5)
    return np.array(fit_thresholds(scores, val.labels))


def _key(
    task: Task,
    variant: str,
    described: VariantParams,
    paths: TaskPaths,
    model: ModelParams,
    options: TrainParams,
    base: BaseParams,
) -> str:
    files = [of_file(table) for table in (paths.valid, paths.texts, paths.reasoning)]
    folders = [of_folder(folder) for folder in (*encoder_folders(model), Path(paths.aligned))]
    sections = [described.model_dump(), model.model_dump(), options.model_dump(exclude=SET_AFTER), base.model_dump()]
    code = of_code(["torch", "transformers", "accelerate"])
    return of_value([task.name, variant, files, folders, sections, computed_with(options), code])
