"""What needs no training of a network: answers that are always the same, and features of a frozen encoder."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from transformers.modeling_utils import PreTrainedModel

from symptomeme.domain.progress import progress
from symptomeme.learning.predict import BATCH_SIZE
from symptomeme.models.fusion import masked_mean
from symptomeme.models.processor import SymptomProcessor

Floats = npt.NDArray[np.float64]
Indicators = npt.NDArray[np.bool_]


class Answers(NamedTuple):
    """What is said of N memes."""

    claimed: Indicators  # (N, C)
    probabilities: Floats  # (N, C)
    weights: int  # how many numbers were fitted


def commonest(truth: Indicators, train: npt.NDArray[np.bool_]) -> Answers:
    """Always the class that most memes of train carry, each class as probable as it is frequent there.

    Args:
        truth: bool (N, C).
        train: which memes are of train, bool (N,).
    """
    shares = truth[train].mean(axis=0)
    claimed = np.zeros_like(truth)
    claimed[:, shares.argmax()] = True
    return Answers(claimed, np.tile(shares, (len(truth), 1)), len(shares))


def every_label(truth: Indicators, train: npt.NDArray[np.bool_]) -> Answers:
    """Always all classes; arguments as those of `commonest`."""
    return commonest(truth, train)._replace(claimed=np.ones_like(truth))


def text_features(encoder: PreTrainedModel, processor: SymptomProcessor, texts: list[str]) -> Floats:
    """Mean of each text's last hidden states, of unit length: float (N, H)."""
    ids = processor.encode_texts(texts)
    order = np.argsort([len(row) for row in ids], kind="stable")
    features = np.zeros((len(ids), encoder.config.hidden_size))
    encoder.eval()
    with torch.inference_mode():
        for start in progress(range(0, len(order), BATCH_SIZE), what="encode", unit="batch"):
            rows = order[start : start + BATCH_SIZE]
            batch = processor.pad([ids[row] for row in rows])
            states = encoder(**batch).last_hidden_state
            features[rows] = masked_mean(states, batch["attention_mask"].bool()).numpy()
    return np.asarray(features / np.linalg.norm(features, axis=1, keepdims=True))
