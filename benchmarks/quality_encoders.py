"""A text encoder that has read memes before it is trained, for an idea to start from."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from quality_cells import encoder_of
from torch import Tensor
from torch.nn import functional
from transformers import (
    AutoModelForMaskedLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

from symptomeme.domain.labels import Task
from symptomeme.domain.params import Params
from symptomeme.domain.writing import replacing
from symptomeme.models.encoders import load_encoder

IGNORED = -100  # label of a word that is not hidden
EPOCHS, BATCH_SIZE, LEARNING_RATE = 3, 32, 1e-4  # of guessing words, 15% of which are hidden


class Guessing(Trainer):  # type: ignore[misc]
    """Has BERT's head look at hidden words alone: it is half of the work."""

    def compute_loss(self, model: Any, inputs: dict[str, Tensor], **_: Any) -> Tensor:
        """The mean loss of the words that are hidden."""
        labels = inputs.pop("labels")
        hidden = labels != IGNORED
        states = model.base_model(**inputs).last_hidden_state
        return functional.cross_entropy(model.cls(states[hidden]), labels[hidden])


def read_on(memes: pd.DataFrame, task: Task, params: Params, *, seed: int) -> Path:
    """Go on with masked-language pre-training on the words of these memes, and keep the text encoder.

    Args:
        memes: with `text`.
        task: theirs.
        params: of profile `real`.
        seed: of the fresh head, batches and what is hidden.
    """
    start, target = params.model.text_encoder, encoder_of(task)
    tokenizer = AutoTokenizer.from_pretrained(start)
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent) as scratch:
        options = TrainingArguments(
            output_dir=scratch,
            num_train_epochs=EPOCHS,
            per_device_train_batch_size=BATCH_SIZE,
            learning_rate=LEARNING_RATE,
            warmup_steps=0.1,  # of all
            weight_decay=0.01,
            seed=seed,
            train_sampling_strategy="group_by_length",
            save_strategy="no",
            report_to=[],
            dataloader_pin_memory=False,
        )
        texts = [tokenizer(text, truncation=True, max_length=params.model.max_length) for text in memes.text]
        trainer = Guessing(
            model_init=lambda: AutoModelForMaskedLM.from_pretrained(start),
            args=options,
            data_collator=DataCollatorForLanguageModeling(tokenizer),
            train_dataset=texts,
        )
        trainer.train()
    encoder = load_encoder(start, "text")
    encoder.load_state_dict(trainer.model.base_model.state_dict(), strict=False)  # the pooler has learned nothing
    with replacing(target) as beside:
        encoder.save_pretrained(beside)
        tokenizer.save_pretrained(beside)
    return target
