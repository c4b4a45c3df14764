import numpy as np
import pandas as pd
import pytest

from symptomeme.evaluation.figures import Scored
from symptomeme.evaluation.robustness import COLUMNS, UNTOUCHED, robustness
from symptomeme.evaluation.slices import slices
from symptomeme.evaluation.trust import Trusted

SETTINGS = {"resamples": 50, "confidence": 0.9, "seed": 2}


def memes(trusted: Trusted) -> pd.DataFrame:
    count = len(trusted.abstain)
    return pd.DataFrame(
        {
            "text": ["x" * (at % 40) for at in range(count)],
            "confidence": [None if at < 8 else 50.0 + at for at in range(count)],
            "labels": [list(np.flatnonzero(row)) for row in trusted.scored.truth],
        }
    )


def test_every_meme_is_in_one_part_of_each_kind(trusted: Trusted) -> None:
    found = slices(memes(trusted), trusted, **SETTINGS)
    assert found.groupby("by").memes.sum().unique().tolist() == [len(trusted.abstain)]
    words = found[found.by == "characters"]
    assert words.slice.tolist() == ["0 to 13", "14 to 26", "27 to 39"]
    read = found[found.by == "OCR confidence, percent"]
    assert read.slice.tolist()[-1] == "no word read, or text given"
    assert read.memes.tolist()[-1] == 8
    weighted = (words.abstained * words.memes).sum() / words.memes.sum()
    assert weighted == pytest.approx(trusted.abstain.mean(), abs=1e-6)
    assert (found.risk_low <= found.risk_value).all()


def test_equal_values_are_one_part(trusted: Trusted) -> None:
    same = memes(trusted).assign(text="word", confidence=None)
    found = slices(same, trusted, **SETTINGS)
    assert found.slice[found.by == "characters"].tolist() == ["4 to 4"]
    assert found.slice[found.by == "OCR confidence, percent"].tolist() == ["no word read, or text given"]


def test_no_memes_have_no_parts_and_are_not_made_harder(trusted: Trusted) -> None:
    nothing = np.zeros(len(trusted.abstain), bool)
    assert slices(memes(trusted)[nothing], trusted.of(nothing), **SETTINGS).to_csv(index=False).count("\n") == 1
    assert robustness(trusted.of(nothing).scored, {}, **SETTINGS).to_csv(index=False).count("\n") == 1


def test_a_perturbation_is_compared_with_the_same_memes(scored: Scored) -> None:
    none = scored._replace(predicted=np.zeros_like(scored.predicted))
    found = robustness(scored, {"nothing claimed": none}, **SETTINGS).set_index("perturbation")
    assert found.loc[UNTOUCHED, ["drop_low", "drop_high", "changed_high"]].tolist() == [0, 0, 0]
    worse = found.loc["nothing claimed"]
    assert worse.macro_f1_value == 0
    assert worse.drop_value == found.macro_f1_value[UNTOUCHED]
    assert worse.changed_value == pytest.approx(scored.predicted.any(axis=1).mean(), abs=1e-6)
    assert tuple(found.reset_index().columns) == COLUMNS
