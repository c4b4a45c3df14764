"""N-grams of a text, counted under hashed numbers, and logistic regression on their TF-IDF: no vocabulary is kept."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from scipy.sparse import csr_matrix, hstack
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

BUCKETS = 2**17  # of words, and again of characters


def count_ngrams(texts: Sequence[str]) -> csr_matrix:
    """How often each n-gram stands in each text: float (N, 2 * BUCKETS), words (1-2) first, then characters (2-5)."""
    from sklearn.feature_extraction.text import HashingVectorizer  # noqa: PLC0415 - models without n-grams do without

    settings = {"n_features": BUCKETS, "alternate_sign": False, "norm": None}
    words = HashingVectorizer(analyzer="word", ngram_range=(1, 2), **settings)
    characters = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), **settings)
    return csr_matrix(hstack([words.transform(texts), characters.transform(texts)]))


def padded_ngrams(counts: csr_matrix) -> dict[str, Tensor]:
    """ngram_ids, int64, and ngram_counts, float32, both (B, G), G the most in one text, at least 1; count 0 pads."""
    rows = [slice(start, end) for start, end in pairwise(counts.indptr)]
    ids = [torch.from_numpy(counts.indices[row].astype(np.int64)) for row in rows]
    found = [torch.from_numpy(counts.data[row].astype(np.float32)) for row in rows]
    least_one = torch.zeros(1)
    return {
        "ngram_ids": pad_sequence([*ids, least_one.long()], batch_first=True)[:-1],
        "ngram_counts": pad_sequence([*found, least_one], batch_first=True)[:-1],
    }


class NgramClassifier(nn.Module):
    """Logits from n-grams: a weight for each n-gram and class, times how much the n-gram stands out in the text.

    Its tensors are fitted beside the training loop, which leaves them as they are: they are buffers.
    """

    idf: Tensor  # float (2 * BUCKETS,), inverse document frequencies; 0: an n-gram that does not count
    weight: Tensor  # float (2 * BUCKETS, C)
    bias: Tensor  # float (C,)

    def __init__(self, *, num_labels: int) -> None:
        """Make one that says nothing."""
        super().__init__()
        self.register_buffer("idf", torch.zeros(2 * BUCKETS))
        self.register_buffer("weight", torch.zeros(2 * BUCKETS, num_labels))
        self.register_buffer("bias", torch.zeros(num_labels))

    def forward(self, ngram_ids: Tensor, ngram_counts: Tensor) -> Tensor:
        """Logits, float (B, C).

        Args: as those of `contributions`.
        """
        return self.summed(self.contributions(ngram_ids, ngram_counts))

    def summed(self, contributions: Tensor) -> Tensor:
        """Logits, float (B, C), of `contributions`."""
        return contributions.sum(dim=1) + self.bias

    def contributions(self, ngram_ids: Tensor, ngram_counts: Tensor) -> Tensor:
        """What each n-gram adds to each class's logit, float (B, G, C).

        Args:
            ngram_ids: int (B, G), below 2 * BUCKETS.
            ngram_counts: float (B, G), how often each stands in its text; 0: padding.
        """
        sublinear = torch.where(ngram_counts > 0, 1 + ngram_counts.clamp(min=1).log(), 0)
        raw = sublinear * self.idf[ngram_ids]
        are_words, squares = ngram_ids < BUCKETS, raw.square()
        words, characters = (torch.where(half, squares, 0).sum(dim=1, keepdim=True) for half in (are_words, ~are_words))
        norms = torch.where(are_words, words, characters).clamp(min=1e-12).sqrt()
        return (raw / norms).unsqueeze(-1) * self.weight[ngram_ids]
