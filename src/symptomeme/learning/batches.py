"""Memes as the model sees them: token ids, small uint8 pictures, label tensors."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import PIL
import torch
import transformers
from accelerate import PartialState
from scipy.sparse import csr_matrix
from torch.nn.utils.rnn import pad_sequence

from symptomeme.data import transforms
from symptomeme.data.known import known_picture
from symptomeme.domain.digests import of_file, of_value
from symptomeme.domain.errors import DataError
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import cache, task_paths
from symptomeme.domain.progress import progress
from symptomeme.domain.records import MEME_ROWS, REASONING_ROWS, TEXT_ROWS, read_rows
from symptomeme.domain.sections.training import AugmentationParams
from symptomeme.domain.writing import replacing
from symptomeme.learning.augmentation import augment
from symptomeme.models import processor as processor_module
from symptomeme.models.ngrams import padded_ngrams
from symptomeme.models.processor import SymptomProcessor

Batch = dict[str, torch.Tensor]


def read_memes(task: Task) -> pd.DataFrame:
    """The valid memes of a task with their words and the reasoning behind these, in the order of `valid.parquet`.

    Raises:
        InputError: a table is missing.
        DataError: no meme is left to train or to validate on, or all training memes have the same labels.
    """
    paths = task_paths(task.name)
    memes = read_rows(paths.valid, MEME_ROWS)
    texts = read_rows(paths.texts, TEXT_ROWS)
    reasoning = read_rows(paths.reasoning, REASONING_ROWS)[["key", "reasoning", "reasoner"]]
    for split in ("train", "val"):
        if not (memes.split == split).any():
            raise DataError(
                f"{paths.valid}: no meme of {task.title} is in the {split} split. Import more memes, "
                "or import again with a larger --val-share."
            )
    kinds = {tuple(labels) for labels in memes.labels[memes.split == "train"]}
    if len(kinds) == 1:
        raise DataError(
            f"{paths.valid}: all training memes of {task.title} have the same labels "
            f"({', '.join(kinds.pop()) or 'none'}), so there is nothing to tell apart. Import memes of other classes."
        )
    for table in (texts, reasoning):
        memes = memes.merge(table, on="key", how="left", validate="one_to_one")
    return memes


def with_reasoning(memes: pd.DataFrame) -> bool:
    """Whether reasoning stands behind the words of any of these memes."""
    return bool((memes.reasoning != "").any())


def indicators(labels: pd.Series, task: Task) -> npt.NDArray[np.bool_]:
    """Labels as bool (N, C), in the task's order of classes."""
    return np.array([[name in found for name in task.labels] for found in labels], dtype=bool).reshape(
        len(labels), len(task.labels)
    )


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """Memes ready for the model.

    `input_ids`: N lists of token ids, or None. `pictures`: uint8 (N, 3, S, S), or None. `labels`: bool (N, C).
    `text_states`: N tensors (M, L, H) of a frozen text encoder, or None. `image_states`: float (N, M, P, H), or None.
    `ngrams`: how often each stands in each text, float (N, F), or None.
    `augmentation`: how pictures are changed each time they are seen, or None.
    """

    input_ids: list[list[int]] | None
    pictures: npt.NDArray[np.uint8] | None
    labels: npt.NDArray[np.bool_]
    multi_label: bool
    processor: SymptomProcessor
    text_states: list[torch.Tensor] | None = None
    image_states: torch.Tensor | None = None
    ngrams: csr_matrix | None = None
    augmentation: AugmentationParams | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> int:
        return index  # a batch is collated from indices: rows are looked up all at once

    @property
    def lengths(self) -> list[int]:
        """Tokens a meme; 1 where there is no text."""
        return [1] * len(self) if self.input_ids is None else [len(ids) for ids in self.input_ids]

    def of(self, rows: npt.NDArray[np.intp]) -> "Encoded":
        """Some of the memes, as they are before anything frozen has seen them."""
        return replace(
            self,
            input_ids=None if self.input_ids is None else [self.input_ids[row] for row in rows],
            pictures=None if self.pictures is None else self.pictures[rows],
            labels=self.labels[rows],
            text_states=None,
            image_states=None,
            ngrams=None if self.ngrams is None else self.ngrams[rows],
        )

    def collate(self, indices: list[int]) -> Batch:
        """One batch, padded to its longest text."""
        batch: Batch = {}
        if self.input_ids is not None:
            batch.update(self.processor.pad([self.input_ids[index] for index in indices]))
        if self.ngrams is not None:
            batch.update(padded_ngrams(self.ngrams[indices]))
        if self.text_states is not None:
            batch.pop("input_ids")
            states = [self.text_states[index].transpose(0, 1) for index in indices]
            batch["text_states"] = pad_sequence(states, batch_first=True).transpose(1, 2)
        if self.image_states is not None:
            batch["image_states"] = self.image_states[indices]
        elif self.pictures is not None:
            pixels = self.processor.pixel_values(self.pictures[indices])
            batch["pixel_values"] = pixels if self.augmentation is None else augment(pixels, self.augmentation)
        labels = torch.from_numpy(self.labels[indices])
        batch["labels"] = labels.float() if self.multi_label else labels.long().argmax(dim=1)
        return batch


def encode(memes: pd.DataFrame, task: Task, processor: SymptomProcessor, *, text: bool, image: bool,
           reasoning: bool) -> Encoded:  # fmt: skip
    """Encode memes for a model with these modalities."""
    reasonings = memes.reasoning.tolist() if reasoning else None
    return Encoded(
        input_ids=processor.encode_texts(memes.text.tolist(), reasonings) if text else None,
        pictures=small_pictures(memes, processor) if image else None,
        labels=indicators(memes.labels, task),
        multi_label=task.multi_label,
        processor=processor,
        ngrams=processor.count_ngrams(memes.text.tolist(), reasonings) if text and processor.ngrams else None,
    )


def small_pictures(memes: pd.DataFrame, processor: SymptomProcessor) -> npt.NDArray[np.uint8]:
    """The pictures at the model's size, uint8 (N, 3, S, S); kept in the cache, since every stage needs them."""
    settings: dict[str, Any] = processor.image_processor.to_dict()
    code = [of_file(Path(str(module.__file__))) for module in (transforms, processor_module)]
    versions = [PIL.__version__, transformers.__version__]
    key = of_value([memes.sha256.tolist(), {name: str(settings[name]) for name in sorted(settings)}, code, versions])
    kept = cache("pictures", key) / "pictures.npy"
    with PartialState().main_process_first():  # the others find them in the cache
        if not kept.is_file():
            rows = [
                processor.picture_bytes([known_picture(Path(image), sha256)])[0]
                for image, sha256 in progress(list(zip(memes.image, memes.sha256, strict=True)), what="pictures")
            ]
            with replacing(kept.parent) as beside:
                beside.mkdir()
                np.save(beside / kept.name, np.stack(rows))
    return np.asarray(np.load(kept))
