"""What a trained model says of memes, and how sure it is."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from symptomeme.domain.labels import Task
from symptomeme.learning.batches import Encoded, encode
from symptomeme.learning.predict import Floats, Outputs
from symptomeme.models.config import SymptomConfig
from symptomeme.models.decision import UNCALIBRATED, Indicators, abstains, confidence, decide
from symptomeme.models.processor import SymptomProcessor
from symptomeme.models.runtime import Runtime

_DIGITS = 8  # of a probability that is stored


class Verdicts(NamedTuple):
    """What a model says of N memes."""

    probabilities: Floats  # (N, C), calibrated
    uncalibrated: Floats  # (N, C)
    claimed: Indicators  # (N, C), also where it abstains
    confidence: Floats  # (N,), in what is claimed
    abstain: npt.NDArray[np.bool_]  # (N,)


def examples_of(model: Runtime, processor: SymptomProcessor, memes: pd.DataFrame, task: Task) -> Encoded:
    """The memes as the model takes them."""
    config = model.config
    return encode(memes, task, processor, text=config.text, image=config.image, reasoning=config.reasoning)


def verdicts(config: SymptomConfig, outputs: Outputs) -> Verdicts:
    """What a model with this config says with these outputs."""
    multi_label = config.problem_type == "multi_label_classification"
    scores = outputs.probabilities(config.calibration, multi_label=multi_label)
    thresholds = np.array([config.thresholds[label] for label in config.labels])  # type: ignore[index]
    claimed = decide(scores, thresholds=thresholds, multi_label=multi_label)
    return Verdicts(
        probabilities=scores.round(_DIGITS),
        uncalibrated=outputs.probabilities(UNCALIBRATED, multi_label=multi_label).round(_DIGITS),
        claimed=claimed,
        confidence=confidence(scores, claimed, multi_label=multi_label),
        abstain=abstains(scores, thresholds=thresholds, min_confidence=config.min_confidence, multi_label=multi_label),
    )


def predictions_of(said: Verdicts, memes: pd.DataFrame, task: Task) -> pd.DataFrame:
    """What is said of each meme, a row of `records.PREDICTION_ROWS` each."""
    names = [[label for label, is_on in zip(task.labels, row, strict=True) if is_on] for row in said.claimed]
    return memes[["key", "split", "leaked", "labels"]].assign(
        predicted=pd.Series(names, index=memes.index, dtype=object),
        probabilities=said.probabilities.tolist(),
        abstain=said.abstain,
    )
