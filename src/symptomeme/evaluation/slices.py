"""The same figures in parts of the memes: where a model is better and where it is worse than its average."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from symptomeme.evaluation.bootstrap import Figures, bootstrap
from symptomeme.evaluation.figures import DIGITS, told
from symptomeme.evaluation.metrics import Floats, f1
from symptomeme.evaluation.trust import Trusted

COLUMNS = (
    *("by", "slice", "memes"),
    *(f"{name}_{end}" for name in ("macro_f1", "risk") for end in ("value", "low", "high")),
    "abstained",
)
_TERTILES = (1 / 3, 2 / 3)


def slices(memes: pd.DataFrame, trusted: Trusted, *, resamples: int, confidence: float, seed: int) -> pd.DataFrame:
    """A row a slice: `by`, `slice`, `memes`, macro-F1 and risk with their intervals, and `abstained`, a share.

    Args:
        memes: `text`, `confidence` (of the words read, percent) and `labels` of each.
        trusted: what the model said of them.
    """
    rows = []
    for by, name, where in _parts(memes):
        part = trusted.of(where)
        point, samples = bootstrap(partial(_figures, part), int(where.sum()), resamples=resamples, seed=seed)
        figures = {of: told(point[of][0], samples[of], confidence=confidence) for of in point}
        rows.append(
            {
                "by": by,
                "slice": name,
                "memes": int(where.sum()),
                **{f"{of}_{end}": found[end] for of, found in figures.items() for end in ("value", "low", "high")},
                "abstained": round(float(part.abstain.mean()), DIGITS),
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def _figures(part: Trusted, weights: Floats) -> Figures:
    return {
        "macro_f1": f1(part.scored.truth, part.scored.predicted, weights).macro,
        "risk": weights @ part.risk / weights.sum(axis=1),
    }


def _parts(memes: pd.DataFrame) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
    """By what, which part, and which memes are in it."""
    yield from _thirds("characters", memes.text.str.len().to_numpy(float), "{:.0f}")
    yield from _thirds("OCR confidence, percent", memes.confidence.to_numpy(float), "{:.1f}")
    unread = memes.confidence.isna().to_numpy()
    if unread.any():
        yield "OCR confidence, percent", "no word read, or text given", unread
    counts = memes.labels.map(len).to_numpy()
    for count in np.unique(counts):
        yield "labels", str(count), counts == count


def _thirds(by: str, values: npt.NDArray[Any], shown: str) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
    """Parts of about equal size, told by their least and greatest value; equal values share a part."""
    known = values[~np.isnan(values)]
    if not known.size:
        return
    which = np.searchsorted(np.quantile(known, _TERTILES), values)  # what is not a number comes after all others
    for third in range(len(_TERTILES) + 1):
        where = (which == third) & ~np.isnan(values)
        if where.any():
            yield by, " to ".join(shown.format(end(values[where])) for end in (np.min, np.max)), where
