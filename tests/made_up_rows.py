"""Made-up rows of memes as a model sees them."""

import numpy as np
import pandas as pd

LABELS = ("calm", "worry", "doom")
_MEANS = np.array([[6, 1, 1], [1, 6, 1], [1, 1, 6]])  # of the scores of each class's memes


def memes(
    count: int, seed: int, *, length: float = 60, mix: tuple[float, ...] = (0.5, 0.3, 0.2), unread: float = 0.1
) -> pd.DataFrame:
    """Rows of `REFERENCE_ROWS`: the class decides the scores and where the embedding lies; some have no words."""
    generator = np.random.default_rng(seed)
    classes = generator.choice(3, size=count, p=mix)
    words = generator.random(count) >= unread
    places = np.eye(8)[classes] + generator.normal(0, 0.2, (count, 8))
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    scores = np.array([generator.dirichlet(_MEANS[found]) for found in classes])
    return pd.DataFrame(
        {
            "key": [f"train/M-{index}" for index in range(count)],
            "text_length": np.where(words, generator.poisson(length, count), 0).astype("int32"),
            "ocr_confidence": np.where(words, generator.normal(85, 5, count), np.nan),
            "probabilities": scores.tolist(),
            "abstain": scores.max(axis=1) < 0.5,
            "embedding": places.tolist(),
        }
    )
