"""A task whose memes were read: pictures of noise, and the tables that the stages from ingest to reason would leave."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from symptomeme.domain.digests import of_file
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import TaskPaths
from symptomeme.domain.records import MEME_ROWS, REASONING_ROWS, TEXT_ROWS, write_rows

TWINS = {"val/0": "train/1", "test/0": "train/0"}
COUNTS = {"train": 6, "val": 9, "test": 20, "extra": 1}
ABSENT = 4  # this class of each task stands in no meme


def write_memes(task: Task, paths: TaskPaths) -> None:
    """Tables and pictures as ingest marks them: not for twins in train and val; test/1's twin was put aside."""
    rng = np.random.default_rng(0)
    present = [label for at, label in enumerate(task.labels) if at != ABSENT]
    rows: list[dict[str, Any]] = []
    for split, count in COUNTS.items():
        for at in range(count):
            key = f"{split}/{at}"
            image = Path("data") / task.dataset / split / "images" / f"{at}.png"
            image.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 255, (32, 32, 3), dtype=np.uint8)).save(image)
            row = {
                "key": key, "id": str(at), "origin": split, "split": split, "image": image.as_posix(),
                "sha256": of_file(image), "width": 32, "height": 32, "phash": "0" * 16,
                "labels": [present[at % len(present)]], "given_text": "", "given_reasoning": "",
                "cluster": TWINS.get(key, key), "leaked": key in ("train/0", "test/0", "test/1"), "fault": None,
            }  # fmt: skip
            rows.append(row)
    write_rows(paths.valid, rows, MEME_ROWS)
    texts = [
        {"key": row["key"], "text": "i cannot <sleep>", "confidence": 90.0, "words": 3, "engine": "made up"}
        for row in rows
    ]
    write_rows(paths.texts, texts, TEXT_ROWS)
    reasonings = [{"key": row["key"], "reasoning": "because of exams", "reasoner": "made up"} for row in rows]
    write_rows(paths.reasoning, reasonings, REASONING_ROWS)
