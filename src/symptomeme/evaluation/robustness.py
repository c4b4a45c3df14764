"""What becomes of predictions when memes are harder: figures of the same memes, untouched and perturbed."""

from collections.abc import Mapping
from functools import partial

import pandas as pd

from symptomeme.evaluation.bootstrap import Figures, bootstrap
from symptomeme.evaluation.figures import Scored, told
from symptomeme.evaluation.metrics import Floats, f1
from symptomeme.evaluation.reliability import negative_log_likelihood

UNTOUCHED = "untouched"
_FIGURES = ("macro_f1", "drop", "nll", "changed")
COLUMNS = ("perturbation", "memes", *(f"{name}_{end}" for name in _FIGURES for end in ("value", "low", "high")))


def robustness(
    untouched: Scored, perturbed: Mapping[str, Scored], *, resamples: int, confidence: float, seed: int
) -> pd.DataFrame:
    """A row a perturbation, of the same memes, with intervals; the first one is of none.

    `drop` is by how much macro-F1 falls (paired), `changed` the share of memes that other labels are claimed of.
    Without memes there is no row.
    """
    rows = []
    for name, scored in {UNTOUCHED: untouched, **perturbed}.items() if len(untouched.truth) else ():
        point, samples = bootstrap(
            partial(_figures, untouched, scored),
            len(scored.truth),
            resamples=resamples,
            seed=seed,
        )
        figures = {of: told(point[of][0], samples[of], confidence=confidence) for of in _FIGURES}
        row = {f"{of}_{end}": found[end] for of, found in figures.items() for end in ("value", "low", "high")}
        rows.append({"perturbation": name, "memes": len(scored.truth), **row})
    return pd.DataFrame(rows, columns=COLUMNS)


def _figures(untouched: Scored, perturbed: Scored, weights: Floats) -> Figures:
    truth, predicted, probabilities, multi_label = perturbed
    count = weights.sum(axis=1)
    macro = f1(truth, predicted, weights).macro
    changed = (predicted != untouched.predicted).any(axis=1)
    return {
        "macro_f1": macro,
        "drop": f1(truth, untouched.predicted, weights).macro - macro,
        "nll": weights @ negative_log_likelihood(truth, probabilities, multi_label=multi_label) / count,
        "changed": weights @ changed / count,
    }
