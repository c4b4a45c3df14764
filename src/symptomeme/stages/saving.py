"""All that a trained variant leaves: its model folder, its curve, the memes it has seen, and reference statistics."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from symptomeme.data.wording import normalise
from symptomeme.domain.digests import of_text
from symptomeme.domain.layout import INT8_MODEL, TRAINING_PARAMS, TaskPaths, VariantPaths
from symptomeme.domain.records import REFERENCE_ROWS, TRAINING_ROWS, write_rows
from symptomeme.domain.sections.model import ModelParams
from symptomeme.domain.sections.training import BaseParams, TrainParams, VariantParams
from symptomeme.domain.sections.words import OcrParams
from symptomeme.domain.writing import read_json, replacing, write_json
from symptomeme.learning.batches import Encoded
from symptomeme.learning.fit import Curve
from symptomeme.learning.int8 import answering
from symptomeme.learning.predict import Outputs, predict
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.decision import abstains
from symptomeme.models.processor import SymptomProcessor
from symptomeme.stages.deciding import calibrate


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
    fitted_on: npt.NDArray[np.intp] | None = None,
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
        fitted_on: places in `val` of the memes to calibrate on; none: the config stays as it is; None: all.
    """
    outputs = predict(model, val)
    rows = np.arange(len(val)) if fitted_on is None else fitted_on
    if len(rows):
        calibrate(model, outputs.of(rows), val.of(rows), options)
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
        aligned = read_json(paths.aligned / TRAINING_PARAMS)
        told["prealign"] = aligned["prealign"]
    return told


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
