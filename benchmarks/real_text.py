"""The trained variants beside a linear baseline on the same memes, and how well the words were read.

    python benchmarks/real_text.py anxiety

Reads what `dvc repro` left in artifacts/. The peer is TF-IDF (word 1-2, char_wb 2-5) with logistic regression on the
text that the model was given; C is chosen on validation, and so are thresholds where memes carry several labels.
"""

import argparse
import json

import numpy as np
import pandas as pd
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from symptomeme.domain.labels import TASKS, Task
from symptomeme.domain.layout import dataset_paths, task_paths
from symptomeme.domain.writing import read_jsonl
from symptomeme.evaluation.bootstrap import interval, resampled
from symptomeme.evaluation.metrics import f1
from symptomeme.evaluation.views import leaked, views
from symptomeme.learning.batches import indicators, read_memes
from symptomeme.learning.calibration import fit_thresholds
from symptomeme.models.decision import decide
from symptomeme.text.quality import character_error

VECTORIZERS = (
    {"analyzer": "word", "ngram_range": (1, 2), "sublinear_tf": True},
    {"analyzer": "char_wb", "ngram_range": (2, 5), "sublinear_tf": True, "min_df": 2},
)
STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0)
RESAMPLES = 2000


def linear(memes: pd.DataFrame, task: Task) -> np.ndarray:
    """Predictions of the linear peer for all memes, bool (N, C)."""
    train, val = (memes.split == "train").to_numpy(), (memes.split == "val").to_numpy()
    features = hstack(
        [TfidfVectorizer(**settings).fit(memes.text[train]).transform(memes.text) for settings in VECTORIZERS]
    ).tocsr()
    truth = indicators(memes.labels, task)
    best, best_score = truth, -1.0
    for strength in STRENGTHS:
        model = OneVsRestClassifier(LogisticRegression(C=strength, max_iter=2000, class_weight="balanced"))
        if not task.multi_label:
            model = LogisticRegression(C=strength, max_iter=2000, class_weight="balanced")
        model.fit(features[train], truth[train] if task.multi_label else truth[train].argmax(axis=1))
        scores = model.predict_proba(features)
        limits = fit_thresholds(scores[val], truth[val]) if task.multi_label else [0.5] * len(task.labels)
        claimed = decide(scores, thresholds=np.array(limits), multi_label=task.multi_label)
        score = f1(truth[val], claimed[val]).macro[0]
        if score > best_score:
            best, best_score = claimed, score
    return best


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=TASKS)
    task = TASKS[parser.parse_args().task]
    memes = read_memes(task)
    styles = {
        row["key"]: row["style"]
        for split in set(memes.origin)
        if dataset_paths(task.dataset).boxes(split).is_file()
        for row in read_jsonl(dataset_paths(task.dataset).boxes(split))
    }
    errors = pd.DataFrame(
        {
            "style": memes.key.map(styles).fillna("as published"),
            "error": [character_error(read, given) for read, given in zip(memes.text, memes.given_text, strict=True)],
        }
    )[memes.given_text.str.strip() != ""]
    print(
        "character error:", f"all {errors.error.mean():.3f};", errors.groupby("style").error.mean().round(3).to_dict()
    )

    claimed = {"tf-idf + logistic": pd.DataFrame(linear(memes, task), index=memes.key)}
    for folder in sorted((task_paths(task.name).root / "variants").iterdir()):
        rows = pd.read_parquet(folder / "predictions.parquet")
        claimed[folder.name] = pd.DataFrame(indicators(rows.predicted, task), index=rows.key)
        curve = pd.read_csv(folder / "curves.csv")
        config = json.loads((folder / "model/config.json").read_text())
        print(f"{folder.name}: {len(curve)} epochs, temperature {config['temperature']}")
    for split, view, which in views(memes.assign(leaked=leaked(memes))):
        chosen = memes[which]
        truth = indicators(chosen.labels, task)
        weights = resampled(len(chosen), resamples=RESAMPLES, seed=0)
        told = []
        for name, rows in claimed.items():
            found = rows.loc[chosen.key].to_numpy()
            limits = interval(f1(truth, found).macro[0], f1(truth, found, weights).macro, confidence=0.95)
            told.append(f"{name} {limits.value:.3f} [{limits.low:.3f}, {limits.high:.3f}]")
        print(f"{split}, {view}, {len(chosen)} memes: macro-F1", "; ".join(told))


if __name__ == "__main__":
    main()
