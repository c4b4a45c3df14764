"""Text encoders that were trained on another task first, for ideas that start from them."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from quality_cells import KEPT
from transformers import AutoTokenizer

from symptomeme.domain.labels import Task
from symptomeme.domain.params import Params
from symptomeme.domain.writing import replacing
from symptomeme.learning.batches import encode
from symptomeme.learning.build import fresh_model, load_processor
from symptomeme.learning.fit import fit
from symptomeme.learning.frozen import freeze, remember


def folder_of(task: str) -> Path:
    """Where the encoder that learned this task is kept."""
    return KEPT / "encoders" / task


def learn(memes: pd.DataFrame, task: Task, params: Params, *, seed: int) -> Path:
    """Train profile `real` on all these memes and keep its text encoder, with its tokenizer.

    Args:
        memes: with `text` and `labels`.
        task: theirs.
        params: of profile `real`.
        seed: of weights, dropout and batches.
    """
    target = folder_of(task.name)
    processor = load_processor(params.model)
    model = fresh_model(task, params.model, separator=processor.separator, seed=seed, image=False)
    freeze(model, params.train)
    examples = remember(model, encode(memes, task, processor, text=True, image=False, reasoning=False))
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent) as checkpoints:
        fit(
            model,
            examples,
            loss_of=lambda network, batch: network(**batch).loss,
            score=lambda: {"score": 0.0},
            options=params.train,
            patience=None,
            seed=seed,
            checkpoint=Path(checkpoints) / "run",
            what=f"encoder of {task.name}",
        )
    with replacing(target) as beside:
        model.text_encoder.save_pretrained(beside)
        AutoTokenizer.from_pretrained(params.model.text_encoder).save_pretrained(beside)
    return target
