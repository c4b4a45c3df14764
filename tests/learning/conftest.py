"""A training run of a few steps on memes of random numbers."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_models import small_processor

from symptomeme.domain.sections.training import Optimisation
from symptomeme.learning.batches import Encoded
from symptomeme.learning.fit import Curve, OnEpoch, fit
from symptomeme.models.classifier import SymptomClassifier

OPTIONS: dict[str, Any] = {
    "epochs": 4,
    "batch_size": 4,
    "text_learning_rate": 1e-3,
    "vision_learning_rate": 1e-3,
    "head_learning_rate": 1e-3,
    "frozen_text_layers": 0,
    "frozen_vision_layers": 0,
    "augmentation": None,
    "weight_decay": 0.01,
    "schedule": "linear",
    "warmup": 0.1,
    "max_grad_norm": 1.0,
    "precision": "fp32",
}


@pytest.fixture
def memes(text_folder: Path, vision_folder: Path) -> Encoded:
    rng = np.random.default_rng(0)
    processor = small_processor(text_folder, vision_folder, separator=None)
    return Encoded(
        input_ids=[[2, *rng.integers(4, 10, rng.integers(1, 8)).tolist(), 3] for _ in range(18)],
        pictures=rng.integers(0, 255, (18, 3, 32, 32), dtype=np.uint8),
        labels=np.eye(3, dtype=bool)[rng.integers(0, 3, 18)],
        multi_label=False,
        processor=processor,
    )


@pytest.fixture
def train() -> Callable[..., Curve]:
    """Train a model on memes; `scores` are what its epochs get, and where they end the run is interrupted."""

    def run(
        model: SymptomClassifier,
        memes: Encoded,
        checkpoint: Path,
        *,
        scores: Iterator[float],
        patience: int | None = 10,
        on_epoch: OnEpoch | None = None,
        **changes: Any,
    ) -> Curve:
        def score() -> dict[str, float]:
            try:
                return {"score": next(scores)}
            except StopIteration:
                raise KeyboardInterrupt from None

        return fit(
            model,
            memes,
            loss_of=lambda network, batch: network(**batch).loss,
            score=score,
            options=Optimisation(**{**OPTIONS, **changes}),
            patience=patience,
            seed=5,
            checkpoint=checkpoint,
            what="test",
            on_epoch=on_epoch,
        )

    return run
