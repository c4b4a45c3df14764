from typing import Any

import numpy as np
import pytest

from symptomeme.evaluation.figures import Scored
from symptomeme.evaluation.trust import Trusted
from symptomeme.models.decision import confidence

LABELS = ("Nervousness", "Restlessness", "Impending Doom", "Excessive Worry")


def drawn(*, multi_label: bool, count: int = 80, seed: int = 1) -> Scored:
    """Made-up memes; the last class is so rare that some resamples miss it, and scores have ties."""
    rng = np.random.default_rng(seed)
    scores = rng.random((count, len(LABELS))).round(2)
    if multi_label:
        truth = rng.random(scores.shape) < np.array([0.5, 0.3, 0.2, 2 / count])
        truth[:, 3] = np.arange(count) == 5
        return Scored(truth, scores > 0.6, scores.clip(0.01, 0.99), True)
    which = rng.choice(3, count)
    which[5] = 3
    scores = scores + 0.01
    scores /= scores.sum(axis=1, keepdims=True)
    columns = np.arange(len(LABELS))
    return Scored(which[:, None] == columns, scores.argmax(axis=1)[:, None] == columns, scores, False)


@pytest.fixture(params=[False, True], ids=["single_label", "multi_label"])
def scored(request: pytest.FixtureRequest) -> Scored:
    return drawn(multi_label=request.param)


@pytest.fixture
def trusted(scored: Scored) -> Trusted:
    """The same memes, with a model's doubts; before calibration it was too sure of everything."""
    confident = confidence(scored.probabilities, scored.predicted, multi_label=scored.multi_label)
    return Trusted(scored, np.where(scored.probabilities > 0.5, 0.99, 0.01), confident, confident < 0.4)


@pytest.fixture
def labels() -> tuple[str, ...]:
    return LABELS


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"bins": 10, "resamples": 60, "confidence": 0.9, "seed": 3}
