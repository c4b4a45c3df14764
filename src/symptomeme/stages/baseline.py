"""One baseline of the study: fitted on train, chosen on validation, no network trained."""

import pandas as pd
from scipy.sparse import csr_matrix

from symptomeme.domain.labels import Task
from symptomeme.domain.layout import task_paths
from symptomeme.domain.sections.model import ModelParams
from symptomeme.domain.sections.training import BaseParams
from symptomeme.domain.study_params import Method
from symptomeme.evaluation.metrics import f1
from symptomeme.learning.baselines import Answers, Floats, Indicators, commonest, every_label, text_features
from symptomeme.learning.batches import indicators, read_memes
from symptomeme.learning.build import load_processor, prepare_torch
from symptomeme.learning.linear import chosen, most_probable, regressions, tfidf, threshold_a_class
from symptomeme.models.encoders import load_encoder
from symptomeme.stages.cell import held_out, leave_out, write_cell


def run(task: Task, method: Method, base: BaseParams, model: ModelParams) -> None:
    """Fit a baseline, and predict the held-out memes."""
    prepare_torch(threads=base.threads)
    out = task_paths(task.name).cell(method, None)
    memes = read_memes(task)
    truth, train = indicators(memes.labels, task), (memes.split == "train").to_numpy()
    frozen = 0  # parameters of an encoder
    if method == "every_label" and not task.multi_label:
        leave_out(out, "each meme has one label")
        return
    if method == "commonest":
        answers = commonest(truth, train)
    elif method == "every_label":
        answers = every_label(truth, train)
    elif method == "tfidf":
        answers = regressed(tfidf(memes), memes, truth, task)
    else:
        features, frozen = frozen_encoder(memes.text.tolist(), model)
        answers = regressed(features, memes, truth, task)
    facts = {"parameters": frozen + answers.weights, "trained": answers.weights, "reasoning": None}
    write_cell(out, prediction_rows(answers, memes, task), task, facts)


def frozen_encoder(texts: list[str], params: ModelParams) -> tuple[Floats, int]:
    """Features of texts, float (N, H), and the number of parameters of the encoder that they come from."""
    encoder = load_encoder(params.text_encoder, "text")
    return text_features(encoder, load_processor(params), texts), encoder.num_parameters()


def regressed(features: Floats | csr_matrix, memes: pd.DataFrame, truth: Indicators, task: Task) -> Answers:
    """The logistic regression with the best macro-F1 on validation, decided as the model's scores are."""
    train, val = ((memes.split == split).to_numpy() for split in ("train", "val"))
    best = chosen(
        regressions(features, truth, train, multi_label=task.multi_label),
        {"rule": threshold_a_class if task.multi_label else most_probable},
        truth,
        val,
        score=lambda truth, claimed: float(f1(truth, claimed).macro[0]),
    )["rule"]
    return Answers(best.claimed, best.regression.probabilities, best.regression.weights)


def prediction_rows(answers: Answers, memes: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Rows of `records.PREDICTION_ROWS` of the held-out memes; a baseline never abstains."""
    names = [[label for label, on in zip(task.labels, row, strict=True) if on] for row in answers.claimed]
    told = memes.assign(
        predicted=pd.Series(names, index=memes.index, dtype=object),
        probabilities=[row.round(8).tolist() for row in answers.probabilities],
        abstain=False,
    )
    return held_out(told)[["key", "split", "leaked", "labels", "predicted", "probabilities", "abstain"]]
