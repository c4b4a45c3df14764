"""Put the trained variants of a task into MLflow; the best on validation, which none saw, becomes challenger."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from symptomeme.data.dataset import read_kind
from symptomeme.domain.digests import of_folder
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import TRAINING_PARAMS, VariantPaths, dataset_paths, task_paths
from symptomeme.domain.progress import progress
from symptomeme.domain.records import PREDICTION_ROWS, TRAINING_ROWS, read_rows
from symptomeme.domain.sections.lifecycle import RegisterParams
from symptomeme.domain.writing import read_json, write_json
from symptomeme.lifecycle.candidate import DATA_KIND, KIND, TASK, VARIANT, Candidate, flat
from symptomeme.lifecycle.lineage import FILES, LINEAGE, origin
from symptomeme.lifecycle.naming import model_name
from symptomeme.lifecycle.promotion import choose
from symptomeme.lifecycle.registry import Registry


def run(task: Task, variants: list[str], options: RegisterParams) -> None:
    """Register every variant and leave a receipt of digests."""
    paths = task_paths(task.name)
    name = model_name(options, task.name)
    found = {variant: candidate(task, variant, paths.variant(variant)) for variant in variants}
    take_back(paths.variants, variants)
    registry = Registry(experiment=options.experiment)
    versions = {
        variant: registry.add(name, item)
        for variant, item in progress(found.items(), what="register", unit="variant", total=len(found))
    }
    judged = [variant for variant in variants if not has_seen_validation(paths.variant(variant))]
    best = max(judged or variants, key=lambda variant: found[variant].metrics["val.published.macro_f1.value"])
    choose(registry, name, versions[best])
    digests = {variant: item.digest for variant, item in found.items()}
    write_json(paths.receipt, {"model": name, "variants": digests, "challenger": digests[best]})


def has_seen_validation(out: VariantPaths) -> bool:
    """Whether a variant was trained on memes of validation: then their figures cannot speak for it."""
    known = set(read_rows(out.training_memes, TRAINING_ROWS).key)
    scored = read_rows(out.predictions, PREDICTION_ROWS)
    return not known.isdisjoint(scored.key[scored.split == "val"])


def take_back(folder: Path, variants: list[str]) -> None:
    """Remove what variants that params.yaml no longer names have left: DVC hashes the whole folder for this stage.

    Nothing is lost: DVC's cache and the checkpoints in .cache/ bring it back when the variant is named again.
    """
    for left in folder.iterdir():
        if left.is_dir() and left.name not in variants:
            shutil.rmtree(left)


def candidate(task: Task, variant: str, out: VariantPaths) -> Candidate:
    """What the registry is given of one variant."""
    kind = read_kind(dataset_paths(task.dataset))
    metrics = read_json(out.metrics)
    trained_with = read_json(out.model / TRAINING_PARAMS)
    curves = pd.read_csv(out.curves)
    return Candidate(
        digest=of_folder(out.model),
        tags={
            TASK: task.name,
            VARIANT: variant,
            KIND: "variant",
            DATA_KIND: kind,
            **origin(task.dataset, trained_with),
        },
        params={key: str(value) for key, value in flat(trained_with).items()},
        metrics={_metric_name(key): float(value) for key, value in flat(metrics).items() if value is not None},
        curves={
            column: [(int(epoch), float(value)) for epoch, value in zip(curves.epoch, curves[column], strict=True)]
            for column in curves.columns
            if column != "epoch"
        },
        model=out.model,
        files={
            "evaluation": [out.metrics, out.per_class, out.model_card],
            "curves": [out.curves],
            "plots": [out.plots],
            "training": [out.training_memes],
            "reference": [out.reference],
            LINEAGE: [path for path in FILES if path.is_file()],
        },
        description=description(task, variant, kind, metrics),
    )


def description(task: Task, variant: str, kind: str, metrics: dict[str, Any]) -> str:
    """What a version is, in two sentences."""
    scores = ", ".join(
        f"{metrics[split]['published']['macro_f1']['value']:.3f} on {split}"
        for split in ("val", "test")
        if split in metrics
    )
    return (
        f"{variant}, which reads memes for symptoms of {task.name} ({task.title}), trained on {kind} data. "
        f"Macro-F1 {scores}."
    )


def _metric_name(key: str) -> str:
    return key.replace(" ", "_")
