import json
from typing import Any

import numpy as np

from symptomeme.evaluation.figures import Scored, measured


def test_undefined_figures_are_null_and_counted(
    scored: Scored, labels: tuple[str, ...], settings: dict[str, Any]
) -> None:
    _, each = measured(scored, labels, **settings)
    rare = each["Excessive Worry"]
    assert rare["memes"] == 1
    assert 0 < rare["auroc"]["undefined"] < settings["resamples"]
    assert "undefined" not in each["Nervousness"]["auroc"]
    without = scored.of(~scored.truth[:, 3])
    _, each = measured(without, labels, **settings)
    nothing = {"value": None, "low": None, "high": None, "undefined": settings["resamples"]}
    assert each["Excessive Worry"]["memes"] == 0
    assert each["Excessive Worry"]["auroc"] == each["Excessive Worry"]["recall"] == nothing


def test_they_are_strict_json_and_the_same_again(
    scored: Scored, labels: tuple[str, ...], settings: dict[str, Any]
) -> None:
    told = [json.dumps(measured(scored, labels, **settings), allow_nan=False) for _ in range(2)]
    assert told[0] == told[1]


def test_one_meme_alone_has_figures(scored: Scored, labels: tuple[str, ...], settings: dict[str, Any]) -> None:
    overall, _ = measured(scored.of(np.arange(len(scored.truth)) == 0), labels, **settings)
    assert overall["brier"]["low"] == overall["brier"]["value"] == overall["brier"]["high"]
    assert overall["macro_auroc"]["value"] is None
