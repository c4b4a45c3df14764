"""What a trained model says of memes, as a table."""

import numpy as np
import pandas as pd

from symptomeme.domain.labels import Task
from symptomeme.learning.batches import encode
from symptomeme.learning.predict import predict
from symptomeme.models.decision import abstains, decide, probabilities
from symptomeme.models.processor import SymptomProcessor
from symptomeme.models.runtime import Runtime


def predictions_of(model: Runtime, processor: SymptomProcessor, memes: pd.DataFrame, task: Task) -> pd.DataFrame:
    """What the model says of each meme, a row of `records.PREDICTION_ROWS` each."""
    config = model.config
    examples = encode(memes, task, processor, text=config.text, image=config.image, reasoning=config.reasoning)
    outputs = predict(model, examples)
    scores = probabilities(outputs.logits, temperature=config.temperature, multi_label=task.multi_label)
    thresholds = np.array([config.thresholds[label] for label in task.labels])
    claimed = decide(scores, thresholds=thresholds, multi_label=task.multi_label)
    names = [[label for label, is_on in zip(task.labels, row, strict=True) if is_on] for row in claimed]
    return memes[["key", "split", "leaked", "labels"]].assign(
        predicted=pd.Series(names, index=memes.index, dtype=object),
        probabilities=[row.round(8).tolist() for row in scores],
        abstain=abstains(scores, thresholds=thresholds, multi_label=task.multi_label),
    )
