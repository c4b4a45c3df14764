"""A page for people that shows each held-out meme beside what the model said of it, the worst first.

It shows pictures and words, so it belongs on the machine where the memes are: not in a registry, not in DVC.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from symptomeme.domain.labels import Task
from symptomeme.evaluation.templates import environment

_TEMPLATE = "error_page.html.j2"


def error_page(
    memes: pd.DataFrame, *, task: Task, variant: str, thresholds: dict[str, float], model: str, place: Path
) -> str:
    """The page as HTML: one file without scripts, styles or fonts from elsewhere; pictures stay where they are.

    Args:
        memes: `key`, `split`, `image`, `text`, `labels`, `predicted`, `probabilities`, `leaked`, `abstain`, and `loss`,
            by which they are ordered, largest first.
        task: whose classes they are.
        variant: of the model.
        thresholds: by class.
        model: the digest of the model.
        place: the file the page will be, from the folder in which `image` is a path.
    """
    worst_first = memes.sort_values(["loss", "key"], ascending=[False, True])
    cards = [_card(row, task, thresholds, place.parent) for row in worst_first.to_dict("records")]
    return (
        environment(html=True)
        .get_template(_TEMPLATE)
        .render(
            task=task,
            variant=variant,
            model=model,
            cards=cards,
            splits=list(dict.fromkeys(memes.split)),
            wrong=sum(not card["right"] for card in cards),
        )
    )


def _card(row: Mapping[Any, Any], task: Task, thresholds: dict[str, float], folder: Path) -> dict[str, Any]:
    true, predicted = list(row["labels"]), list(row["predicted"])
    probabilities = np.asarray(row["probabilities"])
    classes = [
        {
            "label": label,
            "probability": float(probability),
            "threshold": thresholds[label],
            "true": label in true,
            "predicted": label in predicted,
        }
        for label, probability in zip(task.labels, probabilities, strict=True)
    ]
    return {
        "key": row["key"],
        "split": row["split"],
        "picture": quote(Path(os.path.relpath(row["image"], folder)).as_posix()),
        "text": row["text"],
        "true": true,
        "predicted": predicted,
        "right": true == predicted,
        "leaked": bool(row["leaked"]),
        "abstain": bool(row["abstain"]),
        "confidence": float(probabilities.max()),
        "loss": float(row["loss"]),
        "classes": classes,
    }
