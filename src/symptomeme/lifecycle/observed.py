"""What a champion sees now, as rows of `records.REFERENCE_ROWS`: new memes, and what a service was asked."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from symptomeme.data.dataset import read_annotations, read_splits, require_dataset
from symptomeme.data.pictures import look_at_all
from symptomeme.data.transforms import read_picture
from symptomeme.domain.digests import of_file
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import StatePaths, dataset_paths, task_paths
from symptomeme.domain.progress import progress
from symptomeme.domain.records import REASON_ROWS, read_rows
from symptomeme.domain.requests import RequestRow, read_requests
from symptomeme.lifecycle.unscored import as_files, memes_in
from symptomeme.predictor import Predictor, given_as_known, ocr_params
from symptomeme.text.engines import engine_of, read_pictures
from symptomeme.text.ocr import Reading, reading_of_given, without_persons

COLUMNS = ("text_length", "ocr_confidence", "probabilities", "abstain", "embedding")
_BATCH = 32  # memes scored at once


class Batch(NamedTuple):
    """New rows, and what was left out of them, by reason."""

    rows: pd.DataFrame
    left_out: dict[str, int]


def imported_memes(task: Task, trained: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """The memes of train and val that the model met neither in training nor in validation.

    All memes of these splits that are valid when a model is trained are met by it, so what is left was imported later.
    Of test and extra that cannot be told.

    Args:
        task: whose data set.
        trained: `records.TRAINING_ROWS` of the model.
        reference: `records.REFERENCE_ROWS` of the model.

    Returns:
        Columns key, image, text and reasoning.

    Raises:
        InputError: no data was imported.
    """
    require_dataset(task)
    paths = dataset_paths(task.dataset)
    splits = read_splits(paths)
    seen, validated_on = set(trained.sha256), set(reference.key)
    quarantine = task_paths(task.name).quarantine
    bad = set(read_rows(quarantine, REASON_ROWS).key) if quarantine.is_file() else set()
    rows = [
        (meme.key, str(meme.image), meme.text, meme.reasoning)
        for meme in read_annotations(paths)
        if splits.get(meme.key) in ("train", "val")
        and not (meme.key in validated_on or meme.key in bad or of_file(meme.image) in seen)
    ]
    return pd.DataFrame(rows, columns=["key", "image", "text", "reasoning"])


@contextmanager
def given_memes(where: Path) -> Iterator[pd.DataFrame]:
    """The memes in a folder or table, see `memes_in`, for as long as the block lasts.

    Yields:
        Columns key and image, and text and reasoning where they came with the memes.

    Raises:
        InputError: they cannot be read.
    """
    memes = memes_in(where)
    with as_files(memes) as paths:
        frame = pd.DataFrame({"key": [meme.key for meme in memes], "image": [str(path) for path in paths]})
        for name in ("text", "reasoning"):
            given = [getattr(meme, name) for meme in memes]
            if None not in given:
                frame[name] = given
        yield frame


def scored(memes: pd.DataFrame, predictor: Predictor, *, most: int, seed: int) -> Batch:
    """What the model says of memes, read and scored as it is served; at most `most`, drawn at random.

    Raises:
        InputError: a picture is missing.
        ToolError: Tesseract is missing or failed.
    """
    looks = look_at_all([Path(image) for image in memes.image], what="pictures")
    memes = memes.assign(sha256=[look.sha256 for look in looks])
    unreadable = np.array([look.fault is not None for look in looks], dtype=bool)
    whole = memes[~unreadable]
    once = whole.drop_duplicates("sha256")
    left_out = {"unreadable": int(unreadable.sum()), "repeated": len(whole) - len(once)}
    once, left_out["over max_rows"] = _drawn(once, most, seed)
    readings = _readings(once, predictor)
    predictions = []
    for start in progress(range(0, len(once), _BATCH), what="scores", unit="batch"):
        part = once.iloc[start : start + _BATCH]
        pictures = [read_picture(Path(image)) for image in part.image]
        texts = [reading.text for reading in readings[start : start + _BATCH]]
        given = part.reasoning if "reasoning" in part else None
        reasons = None if given is None else [given_as_known(text, predictor.config.ocr) for text in given]
        predictions += predictor.predict(pictures, texts, reasons)
    rows = [
        (len(reading.text), reading.confidence, list(found.probabilities.values()), found.abstain, found.embedding)
        for reading, found in zip(readings, predictions, strict=True)
    ]
    return Batch(pd.DataFrame(rows, columns=list(COLUMNS)), _told(left_out))


def requested(task: Task, version: str, *, days: int, most: int, seed: int) -> Batch:
    """What a service was asked of one version in the last days, today's included; each picture once, the last time."""
    first = datetime.combine(datetime.now(UTC).date() - timedelta(days=days - 1), time(), UTC)
    of_task = [row for row in read_requests(StatePaths().requests, since=first) if row.task == task.name]
    of_version = [row for row in of_task if row.model_version == version]
    once = {row.sha256: row for row in of_version}
    left_out = {
        "of another version": len(of_task) - len(of_version),
        "repeated": len(of_version) - len(once),
    }
    frame = pd.DataFrame([_row(row, task.labels) for row in once.values()], columns=list(COLUMNS))
    frame, left_out["over max_rows"] = _drawn(frame, most, seed)
    return Batch(frame, _told(left_out))


def _row(row: RequestRow, labels: Sequence[str]) -> tuple[object, ...]:
    scores = [row.probabilities[label] for label in labels]
    return row.text_length, row.ocr_confidence, scores, row.abstain, row.embedding


def _readings(memes: pd.DataFrame, predictor: Predictor) -> list[Reading]:
    """The words in each meme, as the model's training had them: given, where it was trained on given texts."""
    ocr = ocr_params(predictor.config.ocr)
    if ocr.source == "given" and "text" in memes:
        readings = [reading_of_given(text) for text in memes.text]
    else:
        pictures = [(sha256, Path(image)) for sha256, image in zip(memes.sha256, memes.image, strict=True)]
        readings = read_pictures(engine_of(ocr), pictures)
    return [without_persons(reading) for reading in readings] if ocr.mask_personal else readings


def _drawn(rows: pd.DataFrame, most: int, seed: int) -> tuple[pd.DataFrame, int]:
    """At most so many rows, and how many are left out."""
    if len(rows) <= most:
        return rows, 0
    return rows.sample(most, random_state=seed), len(rows) - most


def _told(left_out: dict[str, int]) -> dict[str, int]:
    return {reason: count for reason, count in left_out.items() if count}
