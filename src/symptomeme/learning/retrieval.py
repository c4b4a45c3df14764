"""How well the text of a meme finds its picture, and the picture its text."""

import numpy as np
import numpy.typing as npt

from symptomeme.learning.predict import Embeddings

Floats = npt.NDArray[np.float64]


def hits(pairs: Embeddings, *, k: int) -> Floats:
    """For each pair (N,) the share of both directions (0, 0.5 or 1) in which the partner is among the first k.

    A tie counts against the pair, so that embeddings that have all collapsed to one score nothing.
    """
    similarities = pairs.text @ pairs.image.T
    return (_found(similarities, k) + _found(similarities.T, k)) / 2


def _found(similarities: Floats, k: int) -> Floats:
    partner = np.diagonal(similarities)[:, None]
    rank = (similarities >= partner).sum(axis=1)
    return np.asarray(rank <= k, np.float64)
