"""How far each token and pixel of one meme moved a label: integrated gradients of the log-odds of its probability.

Source: Sundararajan et al., Axiomatic Attribution for Deep Networks, arXiv:1703.01365; Captum's implementation.
"""

from collections.abc import Callable
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from symptomeme.explaining.ways import integrated
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.decision import calibrated_logits
from symptomeme.models.ngrams import padded_ngrams
from symptomeme.models.processor import SymptomProcessor

CLOSE, CLOSE_ENOUGH = 0.01, 0.005
"""The parts of a way may miss, all together, this share of the mean way, or so much log-odds where that is more."""

SHADES = ("black", "white")
"""Of the pictures that show nothing."""

Floats = npt.NDArray[np.float64]


class Meme(NamedTuple):
    """One meme as a model gets it, and baselines: mask tokens, no n-gram, a black picture and, next, a white one.

    One baseline alone is blind to parts of its own colour.
    """

    inputs: dict[str, Tensor]  # inputs_embeds: float (1, L, H), ngram_logits: (1, G, C), pixel_values: (1, 3, S, S)
    baselines: list[dict[str, Tensor]]  # the same of each; one where the model looks at no picture
    spans: list[tuple[int, int]]  # of the L tokens in the text; none where the model reads no text
    ngram_ids: list[int]  # of the G n-grams; none where the model counts none


class Attributions(NamedTuple):
    """What moved one label, in log-odds of its probability; tokens, n-grams and pixels together make up nearly all.

    All are means over the baselines.
    """

    log_odds: float
    baseline_log_odds: float
    delta: float  # what the sum of all attributions is over the difference of the two
    steps: int  # points between them, on all ways
    tokens: Floats | None  # (L,)
    ngrams: Floats | None  # (G,)
    pixels: Floats | None  # (S, S)


def prepared(model: SymptomClassifier, processor: SymptomProcessor, picture: Any, text: str) -> Meme:
    """One meme's inputs and baselines: an RGB picture, and the words in it.

    Raises:
        ModelError: the model's tokenizer does not tell where in a text its tokens stand.
    """
    inputs: dict[str, Tensor] = {}
    plain: dict[str, Tensor] = {}
    pictures: list[Tensor] = []  # without anything to see
    spans: list[tuple[int, int]] = []
    ngram_ids: list[int] = []
    if model.config.text:
        ids, spans = processor.encode_with_spans(text)
        neutral = processor.tokenizer.mask_token_id
        neutral = processor.tokenizer.pad_token_id if neutral is None else neutral
        masked = [neutral if start < end else token for token, (start, end) in zip(ids, spans, strict=True)]
        embed = model.text_encoder.get_input_embeddings()
        inputs["inputs_embeds"], plain["inputs_embeds"] = (embed(torch.tensor([row])).detach() for row in (ids, masked))
    if model.config.ngrams:
        counted = padded_ngrams(processor.count_ngrams([text]))
        ngram_ids = counted["ngram_ids"][0].tolist()
        inputs["ngram_logits"] = model.ngram_classifier.contributions(**counted)
        plain["ngram_logits"] = torch.zeros_like(inputs["ngram_logits"])
    if model.config.image:
        inputs["pixel_values"] = processor(images=[picture])["pixel_values"]
        height, width = inputs["pixel_values"].shape[2:]
        pictures = [processor(images=[Image.new("RGB", (width, height), shade)])["pixel_values"] for shade in SHADES]
    baselines = [{**plain, "pixel_values": pixels} for pixels in pictures] or [plain]
    return Meme(inputs, baselines, spans, ngram_ids)


def attributions(model: SymptomClassifier, meme: Meme, label: int) -> Attributions:
    """Integrated gradients of one label (its index), alone: nothing beside the meme has a say."""
    score = _log_odds_of(model, list(meme.inputs), label)
    given, plains = tuple(meme.inputs.values()), [tuple(plain.values()) for plain in meme.baselines]
    with torch.no_grad():
        value, *at_baselines = (score(*one).item() for one in (given, *plains))
    way = value - fmean(at_baselines)
    close = max(CLOSE * abs(way), CLOSE_ENOUGH)
    ways = [integrated(score, plain, given, close=close) for plain in plains]
    means = [torch.stack(parts).mean(dim=0)[0] for parts in zip(*(found for found, _ in ways), strict=True)]
    by_name = dict(zip(meme.inputs, means, strict=True))
    tokens, ngrams, pixels = (by_name.get(name) for name in ("inputs_embeds", "ngram_logits", "pixel_values"))
    return Attributions(
        log_odds=value,
        baseline_log_odds=value - way,
        delta=sum(one.sum().item() for one in means) - way,
        steps=sum(steps for _, steps in ways),
        tokens=None if tokens is None else tokens.sum(dim=-1).numpy(),
        ngrams=None if ngrams is None else ngrams.sum(dim=-1).numpy(),
        pixels=None if pixels is None else pixels.sum(dim=0).numpy(),
    )


def _log_odds_of(model: SymptomClassifier, names: list[str], label: int) -> Callable[..., Tensor]:
    """Of copies (B, …) of one meme's inputs, the log-odds of a label's probability: float (B,)."""
    many = model.config.problem_type == "multi_label_classification"

    def score(*values: Tensor) -> Tensor:
        given: dict[str, Tensor] = dict(zip(names, values, strict=True))
        if "inputs_embeds" in given:
            given["attention_mask"] = torch.ones(given["inputs_embeds"].shape[:2], dtype=torch.int64)
        scaled = calibrated_logits(model(**given).logits.float(), model.config.calibration)
        if many:
            return scaled[:, label]
        others = torch.cat([scaled[:, :label], scaled[:, label + 1 :]], dim=1)
        return scaled[:, label] - others.logsumexp(dim=1)

    return score
