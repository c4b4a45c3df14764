"""What a model decides by, fitted on validation: calibration, thresholds, when to abstain; and its score there."""

import numpy as np
import numpy.typing as npt

from symptomeme.domain.sections.training import TrainParams
from symptomeme.evaluation.metrics import f1
from symptomeme.evaluation.selective import risks
from symptomeme.learning.batches import Encoded
from symptomeme.learning.calibration import (
    fit_calibration,
    fit_min_confidence,
    fit_thresholds,
    negative_log_likelihood,
)
from symptomeme.learning.predict import Outputs
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.decision import UNCALIBRATED, confidence, decide

Floats = npt.NDArray[np.float64]


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


def _thresholds(scores: Floats, val: Encoded, kind: str) -> Floats:
    if kind == "half" or not val.multi_label:
        return np.full(scores.shape[1], 0.5)
    return np.array(fit_thresholds(scores, val.labels))
