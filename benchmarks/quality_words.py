"""A text encoder that has read memes before it is trained, for an idea to start from."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from torch import Tensor
from torch.nn import functional
from transformers import (
    AutoModelForMaskedLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

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


@contextmanager
def words_guessed(texts: Sequence[str], encoder: str, *, max_length: int, seed: int) -> Iterator[str]:
    """A folder, within, with a text encoder that has gone on with masked-language pre-training on these texts.

    Args:
        texts: those to learn from.
        encoder: where it starts; one of BERT's family.
        max_length: tokens of a text.
        seed: of the fresh head, batches and what is hidden.
    """
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    with TemporaryDirectory() as name:
        trainer = Guessing(
            model_init=lambda: AutoModelForMaskedLM.from_pretrained(encoder),
            args=_options(name, seed),
            data_collator=DataCollatorForLanguageModeling(tokenizer),
            train_dataset=[tokenizer(text, truncation=True, max_length=max_length) for text in texts],
        )
        trainer.train()
        found = load_encoder(encoder, "text")
        found.load_state_dict(trainer.model.base_model.state_dict(), strict=False)  # the pooler has learned nothing
        found.save_pretrained(name)
        tokenizer.save_pretrained(name)
        yield name


def _options(folder: str, seed: int) -> TrainingArguments:
    return TrainingArguments(
        output_dir=folder,
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
