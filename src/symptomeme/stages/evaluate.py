"""Score one trained variant on every split but train: figures, plots, a model card and a page of errors."""

from typing import Any

import numpy as np
import pandas as pd
from accelerate import PartialState

from symptomeme.data.dataset import read_kind
from symptomeme.domain.digests import of_file, of_folder
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import TRAINING_PARAMS, VariantPaths, dataset_paths, error_page, task_paths
from symptomeme.domain.progress import progress
from symptomeme.domain.records import PREDICTION_ROWS, write_rows
from symptomeme.domain.sections.evaluation import EvaluateParams
from symptomeme.domain.sections.training import BaseParams
from symptomeme.domain.writing import read_json, replacing, write_json, write_text
from symptomeme.evaluation import error_page as errors
from symptomeme.evaluation.drawings import draw
from symptomeme.evaluation.figures import DIGITS, Scored, measured
from symptomeme.evaluation.model_card import Results, model_card
from symptomeme.evaluation.reliability import negative_log_likelihood
from symptomeme.evaluation.robustness import robustness
from symptomeme.evaluation.slices import slices
from symptomeme.evaluation.tables import risk_coverage, tables
from symptomeme.evaluation.trust import Trusted, trust
from symptomeme.evaluation.views import leaked, some, views
from symptomeme.learning.batches import Encoded, read_memes
from symptomeme.learning.build import prepare_torch
from symptomeme.learning.perturbations import perturbed
from symptomeme.learning.predict import predict
from symptomeme.learning.predictions import Verdicts, examples_of, predictions_of, verdicts
from symptomeme.models.processor import SymptomProcessor
from symptomeme.models.runtime import Runtime, load_runtime


def run(task: Task, variant: str, base: BaseParams, options: EvaluateParams) -> None:
    """Predict the held-out memes of a task and write predictions, figures, plots, the model card and the error page."""
    prepare_torch(threads=base.threads)
    paths = task_paths(task.name)
    out = paths.variant(variant)
    memes = read_memes(task)
    memes = memes.assign(leaked=leaked(memes))
    held_out = memes[memes.split != "train"].reset_index(drop=True)
    model = load_runtime(out.model, device=PartialState().device)
    examples = examples_of(model, SymptomProcessor.from_pretrained(out.model), held_out, task)
    said = verdicts(model.config, predict(model, examples))
    trusted = trusted_of(said, examples)
    results = all_results(model, held_out, examples, trusted, task, options, seed=base.seed)
    trained_with = read_json(out.model / TRAINING_PARAMS)
    digests = {"memes": of_file(paths.valid), "words": of_file(paths.texts), "model": of_folder(out.model)}
    card = model_card(
        task,
        model.config,
        memes,
        results,
        params={**trained_with, "evaluate": options.model_dump()},
        kind=read_kind(dataset_paths(task.dataset)),  # no dependency of its own: it cannot change without the memes
        digests=digests,
    )
    predictions = predictions_of(said, held_out, task)
    write_rows(out.predictions, predictions, PREDICTION_ROWS)
    write_results(out, results)
    write_plots(out, held_out, trusted, task, variant, options)
    write_text(out.model_card, card)
    write_error_page(
        held_out, predictions, trusted.scored, task, variant, model.config.thresholds, digest=digests["model"]
    )


def trusted_of(said: Verdicts, examples: Encoded) -> Trusted:
    """What is said of the memes beside what is true."""
    scored = Scored(examples.labels, said.claimed, said.probabilities, examples.multi_label)
    return Trusted(scored, said.uncalibrated, said.confidence, said.abstain)


def all_results(
    model: Runtime,
    held_out: pd.DataFrame,
    examples: Encoded,
    trusted: Trusted,
    task: Task,
    options: EvaluateParams,
    *,
    seed: int,
) -> Results:
    """All figures: of every split and view; of test memes that the model has not met, in parts and perturbed."""
    intervals: dict[str, Any] = {"resamples": options.resamples, "confidence": options.confidence, "seed": seed}
    metrics, per_class = figures(held_out, trusted, task, options, intervals)
    unmet = np.flatnonzero((held_out.split == "test") & ~held_out.leaked)
    parts = slices(held_out.iloc[unmet], trusted.of(unmet), **intervals)
    scored = {}
    if options.robustness is not None and len(unmet):
        unmet = some(unmet, most=options.robustness.memes, seed=seed)
        hard = perturbed(
            held_out.iloc[unmet],
            examples.of(unmet),
            options.robustness,
            reasoning=model.config.reasoning,
            seed=seed,
        )
        scored = {
            name: trusted_of(verdicts(model.config, predict(model, harder)), harder).scored for name, harder in hard
        }
    return Results(metrics, per_class, robustness(trusted.of(unmet).scored, scored, **intervals), parts)


def figures(
    held_out: pd.DataFrame, trusted: Trusted, task: Task, options: EvaluateParams, intervals: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures by split and view: over all classes, and of each class."""
    metrics: dict[str, Any] = {}
    per_class: dict[str, Any] = {}
    for split, view, rows in progress(list(views(held_out)), what="intervals", unit="view"):
        part = trusted.of(rows)
        overall, each = measured(part.scored, task.labels, bins=options.calibration_bins, **intervals)
        metrics.setdefault(split, {})[view] = {
            "memes": len(part.abstain),
            **overall,
            "abstained": round(float(part.abstain.mean()), DIGITS),
            **trust(part, bins=options.classwise_bins, **intervals),
        }
        per_class.setdefault(split, {})[view] = each
    return metrics, per_class


def write_results(out: VariantPaths, results: Results) -> None:
    """Write all figures."""
    write_json(out.metrics, results.metrics)
    write_json(out.per_class, results.per_class)
    for path, table in ((out.robustness, results.robustness), (out.slices, results.slices)):
        write_text(path, table.to_csv(index=False, lineterminator="\n"))


def write_plots(
    out: VariantPaths, held_out: pd.DataFrame, trusted: Trusted, task: Task, variant: str, options: EvaluateParams
) -> None:
    """Write what DVC plots of the test split as CSV, and the same as PNG."""
    test = trusted.of((held_out.split == "test").to_numpy())
    found = tables(test.scored, task.labels, bins=options.calibration_bins)
    found["risk_coverage"] = risk_coverage(
        {view: trusted.of(rows) for split, view, rows in views(held_out) if split == "test"}
    )
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
