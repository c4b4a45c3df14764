"""Where the memes of a data set on disk are used: look at their pictures, join duplicates, place."""

from collections.abc import Mapping
from dataclasses import dataclass

from symptomeme.data.dataset import read_annotations
from symptomeme.data.duplicates import clusters
from symptomeme.data.pictures import look_at_all
from symptomeme.data.splits import leaked, place
from symptomeme.domain.layout import DatasetPaths


@dataclass(frozen=True, kw_only=True)
class Placing:
    """How memes are joined to clusters and placed in splits."""

    val_share: float  # of the published train, becomes val where no validation split is published
    seed: int  # of that choice
    phash_distance: int  # bits
    text_similarity: float


def place_memes(paths: DatasetPaths, placed: Mapping[str, str], placing: Placing) -> tuple[dict[str, str], int]:
    """The split of every meme by key, and how many of train and val have a duplicate in test or extra.

    Args:
        placed: memes that stand in a split already, and stay there.
    """
    memes = read_annotations(paths)
    looks = look_at_all([meme.image for meme in memes], what="comparing")
    keys = [meme.key for meme in memes]
    named = clusters(
        keys,
        [look.sha256 for look in looks],
        [meme.text for meme in memes],
        [look.phash for look in looks],
        phash_distance=placing.phash_distance,
        text_similarity=placing.text_similarity,
    )
    splits = place(
        keys,
        [meme.origin for meme in memes],
        named,
        [meme.labels for meme in memes],
        placed,
        val_share=placing.val_share,
        seed=placing.seed,
    )
    marks = leaked([splits[key] for key in keys], named)
    return splits, sum(mark and splits[key] in ("train", "val") for key, mark in zip(keys, marks, strict=True))
