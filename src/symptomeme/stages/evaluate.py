"""Score one trained variant on every split but train: figures, plots, a model card and a page of errors."""

import json
from typing import Any

import numpy as np
import pandas as pd
from accelerate import PartialState

from symptomeme.data.dataset import read_kind
from symptomeme.domain.digests import of_file, of_folder
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import TRAINING_PARAMS, VariantPaths, dataset_paths, error_page, task_paths
from symptomeme.domain.params import BaseParams, EvaluateParams
from symptomeme.domain.progress import progress
from symptomeme.domain.records import PREDICTION_ROWS, write_rows
from symptomeme.domain.writing import replacing, write_json, write_text
from symptomeme.evaluation import error_page as errors
from symptomeme.evaluation.drawings import draw
from symptomeme.evaluation.figures import DIGITS, Scored, measured
from symptomeme.evaluation.model_card import model_card
from symptomeme.evaluation.reliability import negative_log_likelihood
from symptomeme.evaluation.tables import tables
from symptomeme.evaluation.views import leaked, views
from symptomeme.learning.batches import indicators, read_memes
from symptomeme.learning.build import prepare_torch
from symptomeme.learning.predictions import predictions_of
from symptomeme.models.processor import SymptomProcessor
from symptomeme.models.runtime import load_runtime


def run(task: Task, variant: str, base: BaseParams, options: EvaluateParams) -> None:
    """Predict the held-out memes of a task and write predictions, figures, plots, the model card and the error page."""
    prepare_torch(threads=base.threads)
    paths = task_paths(task.name)
    out = paths.variant(variant)
    memes = read_memes(task)
    memes = memes.assign(leaked=leaked(memes))
    held_out = memes[memes.split != "train"].reset_index(drop=True)
    model = load_runtime(out.model, device=PartialState().device)
    predictions = predictions_of(model, SymptomProcessor.from_pretrained(out.model), held_out, task)
    scored = Scored(
        truth=indicators(predictions.labels, task),
        predicted=indicators(predictions.predicted, task),
        probabilities=np.stack(predictions.probabilities.to_list()),
        multi_label=task.multi_label,
    )
    metrics, per_class = figures(predictions, scored, task, options, seed=base.seed)
    trained_with = json.loads((out.model / TRAINING_PARAMS).read_text(encoding="utf-8"))
    digests = {"memes": of_file(paths.valid), "words": of_file(paths.texts), "model": of_folder(out.model)}
    card = model_card(
        task,
        model.config,
        memes,
        metrics,
        per_class,
        params={**trained_with, "evaluate": options.model_dump()},
        kind=read_kind(dataset_paths(task.dataset)),  # no dependency of its own: it cannot change without the memes
        digests=digests,
    )
    write_rows(out.predictions, predictions, PREDICTION_ROWS)
    write_json(out.metrics, metrics)
    write_json(out.per_class, per_class)
    write_plots(out, scored.of((predictions.split == "test").to_numpy()), task, variant, options)
    write_text(out.model_card, card)
    write_error_page(held_out, predictions, scored, task, variant, model.config.thresholds, digest=digests["model"])


def figures(
    predictions: pd.DataFrame, scored: Scored, task: Task, options: EvaluateParams, *, seed: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures by split and view: over all classes, and of each class."""
    metrics: dict[str, Any] = {}
    per_class: dict[str, Any] = {}
    for split, view, rows in progress(list(views(predictions)), what="intervals", unit="view"):
        overall, each = measured(
            scored.of(rows),
            task.labels,
            bins=options.calibration_bins,
            resamples=options.resamples,
            confidence=options.confidence,
            seed=seed,
        )
        abstained = round(float(predictions.abstain[rows].mean()), DIGITS)
        metrics.setdefault(split, {})[view] = {"memes": int(rows.sum()), **overall, "abstained": abstained}
        per_class.setdefault(split, {})[view] = each
    return metrics, per_class


def write_plots(out: VariantPaths, test: Scored, task: Task, variant: str, options: EvaluateParams) -> None:
    """Write what DVC plots of the test split as CSV, and the same as PNG."""
    found = tables(test, task.labels, bins=options.calibration_bins)
    with replacing(out.plots) as beside:
        beside.mkdir()
        for name, table in found.items():
            table.to_csv(beside / f"{name}.csv", index=False, lineterminator="\n")
        draw(found, beside, title=f"{task.title}, {variant}, test as published")


def write_error_page(
    memes: pd.DataFrame,
    predictions: pd.DataFrame,
    scored: Scored,
    task: Task,
    variant: str,
    thresholds: dict[str, float],
    *,
    digest: str,
) -> None:
    """Write the page that shows every held-out meme beside what the model of this digest says of it."""
    place = error_page(task.name, variant)
    shown = predictions.assign(
        image=memes.image,
        text=memes.text,
        loss=negative_log_likelihood(scored.truth, scored.probabilities, multi_label=task.multi_label),
    )
    page = errors.error_page(shown, task=task, variant=variant, thresholds=thresholds, model=digest, place=place)
    write_text(place, page)
