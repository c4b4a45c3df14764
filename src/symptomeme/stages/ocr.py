"""ocr: the words in each picture."""

import os
from pathlib import Path

import pandas as pd

from symptomeme.domain.labels import Task
from symptomeme.domain.layout import task_paths
from symptomeme.domain.params import OcrParams
from symptomeme.domain.records import MEME_ROWS, TEXT_ROWS, read_rows, write_rows
from symptomeme.text.engines import engine_of, readings_of
from symptomeme.text.ocr import OcrEngine, Reading, read_all

IMAGES_PER_PROCESS = 25  # more saves starts of Tesseract, fewer loses less when it is stopped


def run(task: Task, params: OcrParams) -> None:
    """Read the words in every valid meme, or take the given text, as `params.source` says.

    Raises:
        InputError: validate has not run.
        ToolError: Tesseract is missing or failed.
        ImageError: a picture that passed validation can no longer be opened.
    """
    paths = task_paths(task.name)
    memes = read_rows(paths.valid, MEME_ROWS)
    if params.source == "given":
        engine, readings = "given", [Reading(text, None, len(text.split())) for text in memes["given_text"]]
    else:
        reader = engine_of(params)
        engine, readings = reader.settings, _read(reader, memes)
    rows = [
        {"key": key, **reading._asdict(), "engine": engine} for key, reading in zip(memes["key"], readings, strict=True)
    ]
    write_rows(paths.texts, rows, TEXT_ROWS)


def _read(engine: OcrEngine, memes: pd.DataFrame) -> list[Reading]:
    pictures = [(sha256, Path(image)) for sha256, image in zip(memes["sha256"], memes["image"], strict=True)]
    return read_all(
        engine,
        pictures,
        cache=readings_of(engine),
        batch_size=IMAGES_PER_PROCESS,
        workers=os.cpu_count() or 1,
    )
