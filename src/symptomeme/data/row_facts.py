"""The table of memes as Great Expectations sees it: no lists, and no text, so that none can reach Data Docs."""

from collections.abc import Sequence

import pandas as pd

from symptomeme.data.conflicts import conflicts
from symptomeme.data.language import other_languages
from symptomeme.domain.labels import Task


def row_facts(task: Task, memes: pd.DataFrame, *, min_letters: int, max_english: float) -> pd.DataFrame:
    """What the suite looks at, a row a meme of a table of `records.MEME_ROWS`.

    Great Expectations passes over missing values. An unreadable picture has no size and hash, and fails for its
    fault alone; where a readable one lacks them, they become values that fail. The columns that must be missing
    (`fault`, `unknown_label`, `conflicting_labels`, `leaked`, `other_language`) hold what is told of a row where they
    are not.

    Args:
        min_letters: see `language.other_languages`.
        max_english: likewise.
    """
    unreadable = memes["fault"].notna()
    side = memes[["width", "height"]].min(axis=1, skipna=False)
    mates = conflicts(*(memes[column].tolist() for column in ("key", "sha256", "given_text", "labels")))
    return pd.DataFrame(
        {
            "row": range(len(memes)),
            "key": memes["key"].replace("", None),
            "fault": memes["fault"],
            "smaller_side": side.where(side.notna() | unreadable, 0),
            "sha256": memes["sha256"],
            "phash": memes["phash"].where(memes["phash"].notna() | unreadable, ""),
            "split": memes["split"],
            "unknown_label": [_unknown(task, labels) for labels in memes["labels"]],
            "label_count": [len(labels) for labels in memes["labels"]],
            "text_length": memes["given_text"].str.len(),
            "conflicting_labels": [f"with {', '.join(found)}" if found else None for found in mates],
            "leaked": [
                f"cluster {cluster}" if leaked else None
                for cluster, leaked in zip(memes["cluster"], memes["leaked"], strict=True)
            ],
            "other_language": other_languages(memes["given_text"], min_letters=min_letters, max_english=max_english),
        }
    )


def _unknown(task: Task, labels: Sequence[str]) -> str | None:
    """What the first label that is no class is near to; never the label itself, which may be anything."""
    for label in labels:
        if label not in task.labels:
            nearest = task.nearest(label)
            return "like no known label" if nearest is None else f"like {nearest}"
    return None
