"""Why a model gives a label its probability, as docs/explaining.md describes it."""

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

from PIL import Image

from symptomeme.domain.errors import InputError
from symptomeme.domain.naming import quoted
from symptomeme.explaining.explainer import Explainer
from symptomeme.predictor import Examined, Served

METHOD = {
    "name": "integrated gradients",
    "of": "log-odds of the label's probability",
    "words_from": "mask tokens",
    "picture_from": "black, and white",
}


def models_with(models: Mapping[str, Served], labels: Sequence[str] | None) -> dict[str, Served]:
    """Those of the models, by task, that have some of these labels; None: all.

    Raises:
        InputError: a label is of none of them.
    """
    if labels is None:
        return dict(models)
    known = {task: served.predictor.config.labels for task, served in models.items()}
    unknown = set(labels) - {label for names in known.values() for label in names}
    if unknown or not labels:
        allowed = ", ".join(label for names in known.values() for label in names)
        raise InputError(f"labels: found {quoted(sorted(unknown))}, expected some of {allowed}.")
    return {task: served for task, served in models.items() if set(known[task]) & set(labels)}


def explanation(
    found: Examined, explainers: Mapping[str, Explainer], picture: Image.Image, labels: Sequence[str] | None
) -> dict[str, Any]:
    """What moved the labels of one meme.

    Args:
        found: what models say of it.
        explainers: of the same models, by task.
        picture: RGB, upright.
        labels: those to explain; None: of each task those claimed, else the most probable.

    Raises:
        ModelError: a model's tokenizer does not tell where in a text its tokens stand.
    """
    start = perf_counter()
    tasks: dict[str, Any] = {}
    for task, explainer in explainers.items():
        said = found.answer["tasks"][task]
        explained = explainer.explain(picture, found.texts[task], _chosen(said, labels))
        tasks[task] = {
            "labels": said["labels"],
            "abstain": said["abstain"],
            "explained": [{"probability": said["probabilities"][one.label], **one.told()} for one in explained],
            "model": said["model"],
        }
    took = {**found.answer["milliseconds"], "explanation": round(1000 * (perf_counter() - start), 1)}
    return {
        **{name: found.answer[name] for name in ("image", "sha256", "text")},
        "picture": {"width": picture.width, "height": picture.height},
        "tasks": tasks,
        "method": METHOD,
        "milliseconds": took,
        "notice": found.answer["notice"],
    }


def strength(part: Mapping[str, Any]) -> float:
    """By what words and patches of an explanation are told apart; 0 for a word that a model did not get to see."""
    found: float | None = part.get("strength", part["score"])
    return found or 0.0


def _chosen(said: dict[str, Any], labels: Sequence[str] | None) -> list[str]:
    """The labels of a task that are explained."""
    scores: dict[str, float] = said["probabilities"]
    if labels is not None:
        return [label for label in scores if label in labels]
    return said["labels"] or [max(scores, key=lambda label: scores[label])]
