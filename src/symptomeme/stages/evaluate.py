"""Score one trained variant on every split but train, as published and without leaked memes."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from symptomeme.domain.labels import SPLITS, Task
from symptomeme.domain.layout import VariantPaths, task_paths
from symptomeme.domain.params import BaseParams, EvaluateParams
from symptomeme.domain.records import PREDICTION_ROWS, write_rows
from symptomeme.domain.writing import replacing, write_json
from symptomeme.learning.batches import encode, indicators, read_memes
from symptomeme.learning.build import prepare_torch
from symptomeme.learning.metrics import f1, interval, resampled
from symptomeme.learning.predict import predict
from symptomeme.models.decision import abstains, decide, probabilities
from symptomeme.models.encoders import load_classifier
from symptomeme.models.processor import SymptomProcessor


def run(task: Task, variant: str, base: BaseParams, options: EvaluateParams) -> None:
    """Predict the held-out memes of a task and write predictions, metrics and plots."""
    prepare_torch(threads=base.threads)
    out = task_paths(task.name).variant(variant)
    memes = read_memes(task)
    held_out = memes[memes.split != "train"].reset_index(drop=True)
    predictions = predictions_of(out, held_out, task)
    write_rows(out.predictions, predictions, PREDICTION_ROWS)
    write_json(out.metrics, figures(predictions, task, options, seed=base.seed))
    write_plots(out, predictions, task)


def predictions_of(out: VariantPaths, memes: pd.DataFrame, task: Task) -> pd.DataFrame:
    """What the saved model says of each meme, a row of `records.PREDICTION_ROWS` each."""
    model = load_classifier(out.model).eval()
    config = model.config
    examples = encode(
        memes,
        task,
        SymptomProcessor.from_pretrained(out.model),
        text=config.text,
        image=config.image,
        reasoning=config.reasoning,
    )
    outputs = predict(model, examples)
    scores = probabilities(outputs.logits, temperature=config.temperature, multi_label=task.multi_label)
    thresholds = np.array([config.thresholds[label] for label in task.labels])
    claimed = decide(scores, thresholds=thresholds, multi_label=task.multi_label)
    names = [[label for label, is_on in zip(task.labels, row, strict=True) if is_on] for row in claimed]
    return memes[["key", "split", "leaked", "labels"]].assign(
        predicted=pd.Series(names, index=memes.index, dtype=object),
        probabilities=[row.round(8).tolist() for row in scores],
        abstain=abstains(scores, thresholds=thresholds, multi_label=task.multi_label),
    )


def figures(predictions: pd.DataFrame, task: Task, options: EvaluateParams, *, seed: int) -> dict[str, object]:
    """Figures of each split and view; a view with no meme is left out."""
    told: dict[str, object] = {}
    for split in SPLITS[1:]:
        rows = predictions[predictions.split == split]
        views = {"published": rows, "leak_free": rows[~rows.leaked]} if split != "val" else {"published": rows}
        found = {name: _view(view, task, options, seed=seed) for name, view in views.items() if len(view)}
        if found:
            told[split] = found
    return told


def _view(rows: pd.DataFrame, task: Task, options: EvaluateParams, *, seed: int) -> dict[str, object]:
    truth, predicted = indicators(rows.labels, task), indicators(rows.predicted, task)
    point = f1(truth, predicted)
    samples = f1(truth, predicted, resampled(len(rows), resamples=options.resamples, seed=seed))

    def told(value: npt.NDArray[np.float64], drawn: npt.NDArray[np.float64]) -> dict[str, float]:
        found = interval(float(value), drawn, confidence=options.confidence)
        return {name: round(number, 6) for name, number in found._asdict().items()}

    return {
        "memes": len(rows),
        "macro_f1": told(point.macro[0], samples.macro),
        "weighted_f1": told(point.weighted[0], samples.weighted),
        "abstained": round(float(rows.abstain.mean()), 6),
        "f1": {
            label: told(point.per_class[0, column], samples.per_class[:, column])
            for column, label in enumerate(task.labels)
        },
    }


def write_plots(out: VariantPaths, predictions: pd.DataFrame, task: Task) -> None:
    """Write what DVC plots of the test split: F1 a class, and each true label against each predicted one."""
    test = predictions[predictions.split == "test"]
    scores = f1(indicators(test.labels, task), indicators(test.predicted, task)).per_class[0]
    pairs = [
        {"actual": actual, "predicted": predicted}
        for truth, claimed in zip(test.labels, test.predicted, strict=True)
        for actual in truth
        for predicted in claimed
    ]
    with replacing(out.plots) as beside:
        beside.mkdir()
        pd.DataFrame({"label": task.labels, "f1": scores.round(6)}).to_csv(beside / "f1_by_class.csv", index=False)
        pd.DataFrame(pairs, columns=["actual", "predicted"]).to_csv(beside / "confusion.csv", index=False)
