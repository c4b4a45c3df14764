"""A text encoder that learned a task, for an idea of the other one to start from."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from quality_cells import Idea, encoder_of, trained
from transformers import AutoTokenizer

from symptomeme.domain.labels import Task
from symptomeme.domain.params import Params
from symptomeme.domain.writing import replacing


def learn(memes: pd.DataFrame, task: Task, params: Params, *, seed: int) -> Path:
    """Train profile `real` on all these memes and keep its text encoder, with its tokenizer.

    Args:
        memes: with `text` and `labels`.
        task: theirs.
        params: of profile `real`.
        seed: of weights, dropout and batches.
    """
    target = encoder_of(task.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent) as name:
        everywhere, run = np.arange(len(memes)), Path(name) / "run"
        model, _ = trained(memes, everywhere, task, params.model, params.train, Idea(), seed=seed, checkpoint=run)
    with replacing(target) as beside:
        model.text_encoder.save_pretrained(beside)
        AutoTokenizer.from_pretrained(params.model.text_encoder).save_pretrained(beside)
    return target
