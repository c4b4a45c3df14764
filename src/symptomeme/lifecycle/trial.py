"""Two registered models on the same memes: today's test memes that neither has met, through the door that serves."""

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import numpy.typing as npt
import pandas as pd
from mlflow.entities.model_registry import ModelVersion

from symptomeme.data.transforms import read_picture
from symptomeme.data.wording import normalise
from symptomeme.domain.digests import files_in, of_text, of_value
from symptomeme.domain.errors import InputError, ModelError, RegistryError
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import task_paths
from symptomeme.domain.progress import progress
from symptomeme.domain.records import MEME_ROWS, TEXT_ROWS, TRAINING_ROWS, read_rows
from symptomeme.evaluation.figures import Scored
from symptomeme.learning.batches import indicators
from symptomeme.lifecycle.registry import Registry
from symptomeme.models.decision import decide
from symptomeme.predictor import Prediction, Predictor, ocr_params
from symptomeme.text.engines import engine_of, read_pictures
from symptomeme.text.masking import masked

BATCH_SIZE = 32  # memes whose pictures are in memory at a time


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A registered version as it would be served."""

    version: ModelVersion
    predictor: Predictor
    size: int  # bytes of the model folder
    met: pd.DataFrame  # `records.TRAINING_ROWS`: the memes that it was trained on


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a contender said of the memes."""

    scored: Scored
    milliseconds: float  # for a meme, median over batches, without OCR


def enter(registry: Registry, version: ModelVersion, task: Task) -> Contender:
    """Fetch a version, check its files and load it.

    Raises:
        UnconfirmedError: its files are not those that were registered.
        RegistryError: its list of training memes is not there.
        ModelError: it is a model of other classes.
    """
    uri = f"models:/{version.name}/{version.version}"
    folder, _ = registry.fetch(uri)
    predictor = Predictor(folder)
    if set(predictor.config.labels) != set(task.labels):
        raise ModelError(f"{uri} tells other classes apart than {task.title} has. Name a version for {task.name}.")
    with TemporaryDirectory(prefix="symptomeme-promote-") as scratch:
        table = registry.logged(version, "training/training_memes.parquet", into=Path(scratch))
        if table is None:
            raise RegistryError(
                f"{uri}: its run holds no training/training_memes.parquet, so nobody knows which memes it has met. "
                "Register it again."
            )
        met = read_rows(table, TRAINING_ROWS)
    size = sum((folder / name).stat().st_size for name in files_in(folder))
    return Contender(version=version, predictor=predictor, size=size, met=met)


def read_today(task: Task) -> pd.DataFrame:
    """All valid memes of today with the words that `ocr` read from them.

    Raises:
        InputError: a table is missing, or the two are not of the same memes.
    """
    paths = task_paths(task.name)
    memes = read_rows(paths.valid, MEME_ROWS)
    found = memes.merge(read_rows(paths.texts, TEXT_ROWS), on="key", how="left", validate="one_to_one")
    if without := found.key[found.text.isna()].tolist():
        raise InputError(
            f"{paths.texts}: the meme {without[0]} is missing ({len(without)} in all), though it stands in "
            f"{paths.valid}; a meme without words has a row, with empty text. Run 'dvc repro ocr@{task.name}'."
        )
    return found


def digest_of_test(memes: pd.DataFrame) -> str:
    """What today's test memes are known by: keys, pictures and labels."""
    test = memes[memes.split == "test"].sort_values("key")
    labels = [list(found) for found in test.labels]
    return of_value([list(row) for row in zip(test.key, test.sha256, labels, strict=True)])


def unmet(memes: pd.DataFrame, contenders: list[Contender]) -> pd.DataFrame:
    """Test memes that no contender was trained on, nor a duplicate of them; nor one of val, where they were fitted.

    A duplicate has the same bytes, the same words (if any), or stands in one cluster with what was met.
    """
    seen = pd.concat([contender.met for contender in contenders])
    nothing = of_text(normalise(""))
    words = memes.text.map(lambda text: of_text(normalise(text)))
    fitted = (memes.split == "val") | memes.key.isin(seen.key)
    met = (
        memes.key.isin(seen.key)
        | memes.sha256.isin(seen.sha256)
        | (words.isin(seen.text_sha256) & (words != nothing))
        | memes.cluster.isin(seen.cluster)
        | memes.cluster.isin(memes.cluster[fitted])
    )
    return memes[(memes.split == "test") & ~met].reset_index(drop=True)


def compete(contenders: list[Contender], memes: pd.DataFrame, task: Task) -> list[Result]:
    """Let each predict the memes, batch by batch side by side, so that their times can be compared.

    Raises:
        ImageError: a picture cannot be read.
        ModelError: a model's OCR is of another version of this program.
        ToolError: the engine that a model reads with is missing or failed.
    """
    words = [words_for(contender, memes) for contender in contenders]
    said: list[list[Prediction]] = [[] for _ in contenders]
    took: list[list[float]] = [[] for _ in contenders]
    for start in progress(range(0, len(memes), BATCH_SIZE), what="comparing", unit="batch"):
        pictures = [read_picture(Path(image)) for image in memes.image[start : start + BATCH_SIZE]]
        given = [found[start : start + BATCH_SIZE] for found in words]
        for contender, texts in zip(contenders, given, strict=True):
            if start == 0:
                contender.predictor.predict(pictures, texts)  # the first pass of a model is slower than all others
        order = range(len(contenders))
        for index in order if start // BATCH_SIZE % 2 else reversed(order):  # neither always goes first
            begun = perf_counter()
            said[index] += contenders[index].predictor.predict(pictures, given[index])
            took[index].append(1000 * (perf_counter() - begun) / len(pictures))
    truth = indicators(memes.labels, task)
    return [
        Result(scored=_scored(contender, predictions, truth, task), milliseconds=median(times))
        for contender, predictions, times in zip(contenders, said, took, strict=True)
    ]


def words_for(contender: Contender, memes: pd.DataFrame) -> list[str]:
    """The words as this model would be given them when it serves: it reads the pictures, if they were not read so.

    A table of words does not tell whether it was masked. What is masked twice is as if it were masked once, so a model
    that knows masked words can take either; one that does not reads for itself.

    Raises:
        ModelError: its OCR is of another version of this program.
        ToolError: its engine is missing or failed.
    """
    own = ocr_params(contender.predictor.config.ocr)
    engine = engine_of(own)
    if own.mask_personal and set(memes.engine) == {engine.settings}:
        return [masked(text) for text in memes.text]
    pictures = [(sha256, Path(image)) for sha256, image in zip(memes.sha256, memes.image, strict=True)]
    readings = read_pictures(engine, pictures)
    return [masked(reading.text) if own.mask_personal else reading.text for reading in readings]


def _scored(contender: Contender, predictions: list[Prediction], truth: npt.NDArray[np.bool_], task: Task) -> Scored:
    """As `evaluate` scores: with one label a meme, the most probable class also where the model would abstain."""
    probabilities = np.array([[found.probabilities[label] for label in task.labels] for found in predictions])
    thresholds = np.array([contender.predictor.config.thresholds[label] for label in task.labels])
    claimed = decide(probabilities, thresholds=thresholds, multi_label=task.multi_label)
    return Scored(truth=truth, predicted=claimed, probabilities=probabilities, multi_label=task.multi_label)
