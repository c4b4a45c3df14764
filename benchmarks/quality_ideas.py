"""The neural ideas, by name; each is a change of profile `real`, text only."""

from types import MethodType

import numpy as np
import numpy.typing as npt
import pandas as pd
from quality_losses import (
    weighed,
    with_likes_drawn_together,
    with_rare_classes_raised,
    with_words_left_out,
)
from quality_training import Idea
from torch import Tensor

from symptomeme.models.classifier import Modality, SymptomClassifier
from symptomeme.models.fusion import masked_mean


def pool(model: SymptomClassifier) -> None:
    """Have the mixture of experts read the mean of the last hidden state, without attention over it."""

    def fuse(_: SymptomClassifier, text: Modality, __: None) -> Tensor:
        return masked_mean(text.hidden_states[0], text.mask)

    model._fuse = MethodType(fuse, model)  # type: ignore[method-assign]
    del model.text_projections, model.co_attention_layers


def shares(memes: pd.DataFrame) -> npt.NDArray[np.float64]:
    """The weight of each meme where those of a cluster of duplicates weigh as much as one, (N,)."""
    return (1 / memes.groupby("cluster").cluster.transform("size")).to_numpy()


WHOLE = {"frozen_text_layers": 0, "epochs": 5}

IDEAS = {
    "baseline": Idea(),
    "reasoning behind the words": Idea(reasoning=True, model={"max_length": 256}),
    "the other task beside": Idea(beside=True),
    "words guessed first": Idea(words_first=True),
    "likes drawn together": Idea(loss_for=lambda _: with_likes_drawn_together),
    "duplicates as one": Idea(weights=shares, loss_for=lambda _: weighed),
    "rare classes raised": Idea(loss_for=with_rare_classes_raised),
    "all layers": Idea(train=WHOLE),
    "all layers, lower ones slower": Idea(train=WHOLE, layer_decay=0.8),
    "all layers, words left out": Idea(train=WHOLE, loss_for=lambda _: with_words_left_out),
    "mean pooling, all layers": Idea(train=WHOLE, prepare=pool),
}
