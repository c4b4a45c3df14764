"""The model card of one variant, in the Hugging Face format: YAML front matter with results, then Markdown."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import yaml
from huggingface_hub import EvalResult, ModelCardData

from symptomeme.domain.labels import SPLITS, Task
from symptomeme.evaluation.figures import OF_A_CLASS
from symptomeme.evaluation.templates import environment
from symptomeme.models.config import SymptomConfig

_TEMPLATE = "model_card.md.j2"
HEADLINE = {
    "macro_f1": "macro-F1",
    "weighted_f1": "weighted-F1",
    "macro_auroc": "macro AUROC",
    "macro_average_precision": "macro average precision",
    "ece": "expected calibration error",
    "brier": "Brier score",
    "nll": "negative log likelihood",
}
_KNOWN_TO_THE_HUB = {"macro_f1": "f1", "weighted_f1": "f1", "macro_auroc": "roc_auc", "brier": "brier_score"}
_SHORT = {"f1": "F1", "auroc": "AUROC"}
_KINDS = {
    "sample": "the drawn sample that comes with the package. **Its scores say nothing about real memes**",
    "drawn": "pictures drawn for real annotations, **not the published pictures**: a score on them is none on {title}",
    "published": "the published annotations and pictures",
}


def model_card(
    task: Task,
    config: SymptomConfig,
    memes: pd.DataFrame,
    metrics: Mapping[str, Any],
    per_class: Mapping[str, Any],
    *,
    params: Mapping[str, Any],
    kind: str,
    digests: Mapping[str, str],
) -> str:
    """The card as Markdown: a pure function of its arguments.

    Args:
        task: what the model was trained for.
        config: the model's own.
        memes: `split`, `labels`, `engine` and `reasoner` of all valid memes.
        metrics: split: view: figures, as in metrics.json.
        per_class: split: view: class: figures, as in per_class.json.
        params: sections of params.yaml by name, with which it was made.
        kind: of the data: sample, drawn or published.
        digests: SHA-256 by what it is of; `memes` and `model` among them.
    """
    front = ModelCardData(
        language="en",
        license="other",
        license_name="depends-on-data-and-encoders",
        library_name="transformers",
        pipeline_tag="image-classification" if config.image else "text-classification",
        tags=["memes", "mental-health", "research", "symptomeme"],
        metrics=["f1", "roc_auc", "brier_score"],
        model_name=f"symptomeme-{task.name}-{config.variant}",
        eval_results=_results(task, config, metrics, kind, digests["memes"]),
    )
    body = environment(html=False).get_template(_TEMPLATE)
    return body.render(
        front_matter=front.to_yaml(),
        task=task,
        config=config,
        kind=_KINDS[kind].format(title=task.title),
        counts=_counts(memes, task),
        engines=sorted(set(memes.engine)),
        reasoners=sorted(set(memes.reasoner)),
        metrics=metrics,
        per_class=per_class,
        headline=HEADLINE,
        of_a_class={name: _SHORT.get(name, name.replace("_", " ")) for name in OF_A_CLASS},
        sections=params,
        params=yaml.safe_dump(dict(params), sort_keys=False).rstrip(),
        digests=digests,
        told=_told,
        agreement="" if config.int8_agreement is None else f"{100 * config.int8_agreement:.1f}%",
    )


def _results(
    task: Task, config: SymptomConfig, metrics: Mapping[str, Any], kind: str, revision: str
) -> list[EvalResult]:
    """Results as tables of the hub read them; those on drawn memes never stand under the data set's own name."""
    suffix = "" if kind == "published" else f"-{kind}"
    return [
        EvalResult(
            task_type="image-classification" if config.image else "text-classification",
            dataset_type=f"{task.dataset}{suffix}",
            dataset_name=f"{task.title}{suffix}",
            dataset_config=view,
            dataset_split=split,
            dataset_revision=revision,
            metric_type=metric,
            metric_name=HEADLINE[name],
            metric_value=figures[name]["value"],
        )
        for split, views in metrics.items()
        for view, figures in views.items()
        for name, metric in _KNOWN_TO_THE_HUB.items()
        if figures[name]["value"] is not None
    ]


def _counts(memes: pd.DataFrame, task: Task) -> dict[str, dict[str, int]]:
    """Memes of each class, and of all, in each split that there is."""
    found = {split: memes[memes.split == split] for split in SPLITS if (memes.split == split).any()}
    classes = {
        label: {split: sum(label in own for own in of.labels) for split, of in found.items()} for label in task.labels
    }
    return {**classes, "all": {split: len(of) for split, of in found.items()}}


def _told(figure: Mapping[str, float | None]) -> str:
    """A figure and its interval."""
    value, low, high = (figure[name] for name in ("value", "low", "high"))
    if value is None:
        return "undefined"
    return f"{value:.3f}" if low is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"
