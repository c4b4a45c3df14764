"""Memes as the model sees them: token ids, small uint8 pictures, label tensors, and batches of these."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch.utils.data import Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices

from symptomeme.data.transforms import read_picture
from symptomeme.domain.digests import of_value
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import cache, task_paths
from symptomeme.domain.progress import progress
from symptomeme.domain.records import MEME_ROWS, TEXT_ROWS, read_rows
from symptomeme.domain.writing import replacing
from symptomeme.models.processor import SymptomProcessor

Batch = dict[str, torch.Tensor]


def read_memes(task: Task) -> pd.DataFrame:
    """The valid memes of a task with the words read from them, a row a meme, in the order of `valid.parquet`."""
    paths = task_paths(task.name)
    memes = read_rows(paths.valid, MEME_ROWS)
    texts = read_rows(paths.texts, TEXT_ROWS)
    return memes.merge(texts, on="key", how="left", validate="one_to_one")


def indicators(labels: pd.Series, task: Task) -> npt.NDArray[np.bool_]:
    """Labels as bool (N, C), in the task's order of classes."""
    return np.array([[name in found for name in task.labels] for found in labels], dtype=bool).reshape(
        len(labels), len(task.labels)
    )


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """Memes ready for the model.

    `input_ids`: N lists of token ids, or None. `pictures`: uint8 (N, 3, S, S), or None. `labels`: bool (N, C).
    """

    input_ids: list[list[int]] | None
    pictures: npt.NDArray[np.uint8] | None
    labels: npt.NDArray[np.bool_]
    multi_label: bool
    processor: SymptomProcessor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> int:
        return index  # a batch is collated from indices: rows are looked up all at once

    @property
    def lengths(self) -> list[int]:
        """Tokens a meme; 1 where there is no text."""
        return [1] * len(self) if self.input_ids is None else [len(ids) for ids in self.input_ids]

    def collate(self, indices: list[int]) -> Batch:
        """One batch, padded to its longest text."""
        batch: Batch = {}
        if self.input_ids is not None:
            batch.update(self.processor.pad([self.input_ids[index] for index in indices]))
        if self.pictures is not None:
            batch["pixel_values"] = self.processor.pixel_values(self.pictures[indices])
        labels = torch.from_numpy(self.labels[indices])
        batch["labels"] = labels.float() if self.multi_label else labels.long().argmax(dim=1)
        return batch


def encode(memes: pd.DataFrame, task: Task, processor: SymptomProcessor, *, text: bool, image: bool,
           reasoning: bool) -> Encoded:  # fmt: skip
    """Encode memes for a model with these modalities."""
    reasonings = memes.given_reasoning.tolist() if reasoning else None
    return Encoded(
        input_ids=processor.encode_texts(memes.text.tolist(), reasonings) if text else None,
        pictures=small_pictures(memes, processor) if image else None,
        labels=indicators(memes.labels, task),
        multi_label=task.multi_label,
        processor=processor,
    )


def small_pictures(memes: pd.DataFrame, processor: SymptomProcessor) -> npt.NDArray[np.uint8]:
    """The pictures at the model's size, uint8 (N, 3, S, S); kept in the cache, since every stage needs them."""
    settings: dict[str, Any] = processor.image_processor.to_dict()
    key = of_value([memes.sha256.tolist(), {name: str(value) for name, value in sorted(settings.items())}])
    kept = cache("pictures", key) / "pictures.npy"
    if not kept.is_file():
        rows = [
            processor.picture_bytes([read_picture(Path(image))])[0]
            for image in progress(memes.image.tolist(), what="pictures")
        ]
        with replacing(kept.parent) as beside:
            beside.mkdir()
            np.save(beside / kept.name, np.stack(rows))
    return np.asarray(np.load(kept))


class GroupedBatches(Sampler[list[int]]):
    """Batches of memes of like length, in an order that depends on seed and epoch alone."""

    drop_last = False

    def __init__(self, lengths: list[int], *, batch_size: int, seed: int) -> None:
        self.lengths, self.batch_size, self.seed, self.epoch = lengths, batch_size, seed, 0

    def __len__(self) -> int:
        return -(-len(self.lengths) // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        generator = torch.Generator().manual_seed(self.seed * 10_007 + self.epoch)
        order = get_length_grouped_indices(self.lengths, self.batch_size, generator=generator)
        batches = [order[start : start + self.batch_size] for start in range(0, len(order), self.batch_size)]
        for index in torch.randperm(len(batches), generator=generator).tolist():
            yield batches[index]
