"""ocr: the words in each picture."""

import os
from pathlib import Path

import pandas as pd
import PIL

from symptomeme.data import transforms
from symptomeme.domain import digests
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import cache, task_paths
from symptomeme.domain.params import OcrParams
from symptomeme.domain.records import MEME_ROWS, TEXT_ROWS, read_rows, write_rows
from symptomeme.text import rapid, shapes, spaces, tesseract, views
from symptomeme.text.engines import engine_of
from symptomeme.text.ocr import OcrEngine, Reading, read_all, reading_of_given, without_persons

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
        engine, readings = "given", [reading_of_given(text) for text in memes["given_text"]]
    else:
        reader = engine_of(params)
        engine, readings = reader.settings, _read(reader, memes)
    if params.mask_personal:
        readings = [without_persons(reading) for reading in readings]
    rows = [
        {"key": key, **reading._asdict(), "engine": engine} for key, reading in zip(memes["key"], readings, strict=True)
    ]
    write_rows(paths.texts, rows, TEXT_ROWS)


def _read(engine: OcrEngine, memes: pd.DataFrame) -> list[Reading]:
    pictures = [(sha256, Path(image)) for sha256, image in zip(memes["sha256"], memes["image"], strict=True)]
    return read_all(
        engine,
        pictures,
        cache=cache("ocr", _digest(engine)),
        batch_size=IMAGES_PER_PROCESS,
        workers=os.cpu_count() or 1,
    )


def _digest(engine: OcrEngine) -> str:
    """What a reading depends on beside the picture's bytes: the engine and the code before and after it."""
    code = [
        digests.of_file(Path(str(module.__file__))) for module in (tesseract, views, shapes, rapid, spaces, transforms)
    ]
    return digests.of_value([engine.settings, PIL.__version__, *code])
