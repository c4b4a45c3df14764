"""A model folder becomes predictions: the one path for the command line, the registry's model and serving."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from symptomeme.models.decision import abstains, decide
from symptomeme.models.encoders import load_classifier
from symptomeme.models.processor import SymptomProcessor

NOTICE = (
    "This describes a meme, not the person who made or shared it. It is a research tool and no diagnosis; "
    "do not use it to judge, screen or treat anyone."
)


class Prediction(NamedTuple):
    """What a model says of one meme: claimed labels (none when it abstains), and what they rest on."""

    labels: list[str]
    probabilities: dict[str, float]
    thresholds: dict[str, float]
    abstain: bool


class Predictor:
    """One model, loaded once."""

    def __init__(self, folder: Path) -> None:
        """Load a model folder.

        Raises:
            ModelError: the folder holds no model of this package.
        """
        self.model = load_classifier(folder).eval()
        self.processor = SymptomProcessor.from_pretrained(folder)
        self.config = self.model.config

    def predict(
        self, pictures: list[Image.Image], texts: list[str], reasonings: list[str] | None = None
    ) -> list[Prediction]:
        """Predict N memes, each an RGB picture and the words in it (empty where there are none)."""
        inputs = self.processor(
            text=texts if self.config.text else None,
            reasoning=reasonings if self.config.text else None,
            images=pictures if self.config.image else None,
        )
        with torch.inference_mode():
            scores = self.model.probabilities(self.model(**inputs).logits).numpy()
        multi_label = self.config.problem_type == "multi_label_classification"
        names = [self.config.id2label[index] for index in range(scores.shape[1])]
        limits = np.array([self.config.thresholds[name] for name in names])
        claimed = decide(scores, thresholds=limits, multi_label=multi_label)
        silent = abstains(scores, thresholds=limits, multi_label=multi_label)
        return [
            Prediction(
                labels=[] if mute else [name for name, is_on in zip(names, row, strict=True) if is_on],
                probabilities=dict(zip(names, score.tolist(), strict=True)),
                thresholds=dict(zip(names, limits.tolist(), strict=True)),
                abstain=bool(mute),
            )
            for row, score, mute in zip(claimed, scores, silent, strict=True)
        ]
