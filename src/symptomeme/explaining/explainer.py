"""One model, and what moved its labels."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

from PIL import Image

from symptomeme.explaining.attributions import Attributions, Floats, Meme, attributions, prepared
from symptomeme.explaining.patches import Patch, patch_sums, scored_patches, seen_part, strengths
from symptomeme.explaining.words import Word, ngram_scores, scored_words
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.encoders import load_classifier
from symptomeme.models.processor import SymptomProcessor
from symptomeme.predictor import Predictor

OWN_PATCH = 16
"""Pixels a side, where a vision encoder has no patches."""

DIGITS = 4
"""Of a score that is told, after the point."""


class Explained(NamedTuple):
    """What moved one label of one meme, in log-odds."""

    label: str
    log_odds: float
    baseline_log_odds: float
    delta: float
    steps: int
    words: list[Word]  # in order of reading; none where the model reads no text
    patches: list[Patch]  # row by row; none where it looks at no picture

    def told(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "label": self.label,
            "log_odds": round(self.log_odds, DIGITS),
            "baseline_log_odds": round(self.baseline_log_odds, DIGITS),
            "delta": round(self.delta, DIGITS),
            "steps": self.steps,
            "words": [
                {**word._asdict(), "score": None if word.score is None else round(word.score, DIGITS)}
                for word in self.words
            ],
            "patches": [
                {
                    "box": [round(edge, 1) for edge in patch.box],
                    "score": round(patch.score, DIGITS),
                    "strength": round(patch.strength, DIGITS),
                }
                for patch in self.patches
            ],
        }


class Explainer:
    """Explains what one model says, by its weights in fp32, whatever it answers with."""

    def __init__(self, model: SymptomClassifier, processor: SymptomProcessor) -> None:
        """Take a model in evaluation mode; its weights are left without gradients."""
        self._model, self._processor = model.requires_grad_(False), processor

    @classmethod
    def of(cls, predictor: Predictor) -> Self:
        """One that shares the predictor's model, or loads it where what answers has no gradients.

        Raises:
            ModelError: the folder holds no model of this package.
        """
        model = predictor.model
        if not isinstance(model, SymptomClassifier):
            model = load_classifier(predictor.folder).eval()
        return cls(model, predictor.processor)

    def explain(self, picture: Image.Image, text: str, labels: Sequence[str]) -> list[Explained]:
        """What moved each of these labels of one meme: an RGB picture, and the words in it as the model got them.

        Raises:
            ModelError: the model's tokenizer does not tell where in a text its tokens stand.
        """
        meme = prepared(self._model, self._processor, picture, text)
        index = self._model.config.label2id
        return [
            self._explained(label, attributions(self._model, meme, index[label]), meme, picture, text)
            for label in labels
        ]

    def _explained(self, label: str, found: Attributions, meme: Meme, picture: Image.Image, text: str) -> Explained:
        return Explained(
            label,
            found.log_odds,
            found.baseline_log_odds,
            found.delta,
            found.steps,
            self._words(found, meme, text),
            [] if found.pixels is None else self._patches(found.pixels, meme, picture),
        )

    def _words(self, found: Attributions, meme: Meme, text: str) -> list[Word]:
        if found.tokens is None:
            return []
        besides = None
        if found.ngrams is not None:
            besides = ngram_scores(text, self._processor.count_ngrams, meme.ngram_ids, found.ngrams)
        return scored_words(text, meme.spans, found.tokens.tolist(), besides)

    def _patches(self, pixels: Floats, meme: Meme, picture: Image.Image) -> list[Patch]:
        patch_size = getattr(self._model.config.vision_config, "patch_size", OWN_PATCH)
        scores = patch_sums(pixels, patch_size)
        return scored_patches(
            scores,
            strengths(scores, meme.inputs["pixel_values"][0].double().numpy(), patch_size),
            patch_size=patch_size,
            side=len(pixels),
            seen=seen_part(picture.size, self._processor.image_processor),
        )
