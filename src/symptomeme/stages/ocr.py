"""ocr: the words in each picture."""

from pathlib import Path

from symptomeme.domain.labels import Task
from symptomeme.domain.layout import task_paths
from symptomeme.domain.progress import note
from symptomeme.domain.records import MEME_ROWS, TEXT_ROWS, read_rows, write_rows
from symptomeme.domain.sections.words import OcrParams
from symptomeme.text.engines import engine_of, read_pictures
from symptomeme.text.ocr import reading_of_given, without_persons


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
        pictures = [(sha256, Path(image)) for sha256, image in zip(memes["sha256"], memes["image"], strict=True)]
        engine, readings = reader.settings, read_pictures(reader, pictures)
        different = memes["sha256"].nunique()
        note(f"{paths.valid}: {len(memes)} memes with {different} different pictures, each read once.")
    if params.mask_personal:
        readings = [without_persons(reading) for reading in readings]
    rows = [
        {"key": key, **reading._asdict(), "engine": engine} for key, reading in zip(memes["key"], readings, strict=True)
    ]
    write_rows(paths.texts, rows, TEXT_ROWS)
