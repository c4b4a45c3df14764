"""Which memes a figure is of: a split, as published or without memes that what was fitted has met."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

VIEWS = ("published", "leak_free")

_FITTED_BEFORE = {"val": ["train"], "test": ["train", "val"], "extra": ["train", "val"]}


def leaked(memes: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether a duplicate of each meme stands in a split that was fitted on before its own is judged: bool (N,).

    For val that is train; for test and extra it is train or val, on which thresholds and the best epoch are chosen.

    Args:
        memes: all valid memes of a task, with `split` and `cluster`.
    """
    marks = np.zeros(len(memes), dtype=bool)
    for split, before in _FITTED_BEFORE.items():
        met = memes.cluster[memes.split.isin(before)]
        marks |= ((memes.split == split) & memes.cluster.isin(met)).to_numpy()
    return marks


def views(predictions: pd.DataFrame) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
    """Split, view and which rows belong to it: bool (N,). A view with no meme is left out.

    Args:
        predictions: `split` and `leaked` of memes.
    """
    for split in _FITTED_BEFORE:
        published = (predictions.split == split).to_numpy()
        for view in VIEWS:
            rows = published & ~predictions.leaked.to_numpy(bool) if view == "leak_free" else published
            if rows.any():
                yield split, view, rows


def some(rows: npt.NDArray[np.intp], *, most: int, seed: int) -> npt.NDArray[np.intp]:
    """At most so many of the rows, drawn at random, in their order."""
    drawn = np.random.default_rng(seed).permutation(len(rows))[:most]
    return rows[np.sort(drawn)]
