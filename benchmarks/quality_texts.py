"""Texts with labels out of annotation files, in parts and folds that keep duplicates together."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from symptomeme.data.annotations import Record, read_records
from symptomeme.data.archives import Member, open_archive
from symptomeme.data.left_out import LeftOut
from symptomeme.data.naming import key_of
from symptomeme.data.splits import place
from symptomeme.data.wording import normalise
from symptomeme.domain.labels import Task
from symptomeme.text.masking import masked

TEST_SEED = 2027
TEST_SHARE = 0.2
VAL_SHARE = 0.125  # of what is not test
FOLDS = 3


def read_texts(task: Task, files: Sequence[Path]) -> pd.DataFrame:
    """Memes as `key`, `text`, `reasoning`, `labels`, `cluster` (of equal normalised texts) and `split`.

    Args:
        task: theirs.
        files: published annotation files of training memes.
    """
    rows = [
        (key_of("train", meme_id), masked(record.text), masked(record.reasoning), list(record.labels))
        for file in files
        for meme_id, record in _records(task, file)
    ]
    memes = pd.DataFrame(rows, columns=["key", "text", "reasoning", "labels"])
    first: dict[str, str] = {}
    memes["cluster"] = [
        first.setdefault(normalise(text) or key, key) for key, text in zip(memes.key, memes.text, strict=True)
    ]
    memes["split"] = "train"
    memes = _carved(memes, "test", TEST_SHARE)
    return _carved(memes, "val", VAL_SHARE)


def searched(memes: pd.DataFrame, most: int | None) -> pd.DataFrame:
    """What a search may look at: training and validation memes with their `fold`, at most about so many."""
    found = memes[memes.split != "test"].reset_index(drop=True)
    if most is not None and most < len(found):
        found = _carved(found.assign(split="train"), "drawn", most / len(found))
        found = found[found.split == "drawn"].reset_index(drop=True)
    return found.assign(fold=_folds(found))


def _folds(memes: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Which of FOLDS a meme is held out in: stratified by combination of labels, whole clusters."""
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=TEST_SEED)
    folds = np.zeros(len(memes), np.int64)
    combinations = memes.labels.map(" + ".join)
    for fold, (_, held_out) in enumerate(splitter.split(memes, combinations, groups=memes.cluster)):
        folds[held_out] = fold
    return folds


def _carved(memes: pd.DataFrame, name: str, share: float) -> pd.DataFrame:
    """The memes with about this share of those in train put into another split, as `import-data` carves validation."""
    rows = memes[memes.split == "train"]
    keys, origins, clusters, labels = (rows[column].tolist() for column in ("key", "split", "cluster", "labels"))
    placed = place(keys, origins, clusters, labels, {}, val_share=share, seed=TEST_SEED)
    return memes.assign(
        split=[name if placed.get(key) == "val" else split for key, split in zip(memes.key, memes.split, strict=True)]
    )


def _records(task: Task, file: Path) -> list[tuple[str, Record]]:
    """Ids and records of one annotation file; memes without a class are left out."""
    with open_archive(file.parent) as archive:
        members: list[Member] = [member for member in archive.members if str(member.path) == file.name]
        records = read_records(task, [("train", members[0])], LeftOut())
    return [(meme_id, record) for meme_id, record in records["train"].items() if record is not None]
