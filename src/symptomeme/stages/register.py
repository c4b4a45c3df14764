"""Put the trained variants of a task into MLflow; the best on validation becomes challenger."""

import json
import subprocess
from pathlib import Path

import pandas as pd

from symptomeme.domain.digests import of_folder
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import PARAMS, VariantPaths, dataset_paths, task_paths
from symptomeme.domain.params import RegisterParams, read_params
from symptomeme.domain.writing import write_json
from symptomeme.lifecycle.registry import KIND, TASK, VARIANT, Candidate, Registry, choose, flat


def run(task: Task, variants: list[str], options: RegisterParams) -> None:
    """Register every variant and leave a receipt of digests."""
    paths = task_paths(task.name)
    name = f"{options.model_prefix}-{task.name}"
    found = {variant: candidate(task, variant, paths.variant(variant)) for variant in variants}
    registry = Registry(experiment=options.experiment)
    versions = {variant: registry.add(name, item) for variant, item in found.items()}
    best = max(variants, key=lambda variant: found[variant].metrics["val.published.macro_f1.value"])
    choose(registry, name, versions[best])
    digests = {variant: item.digest for variant, item in found.items()}
    write_json(paths.receipt, {"model": name, "variants": digests, "challenger": digests[best]})


def candidate(task: Task, variant: str, out: VariantPaths) -> Candidate:
    """What the registry is given of one variant."""
    source = json.loads(dataset_paths(task.dataset).source.read_text(encoding="utf-8"))
    metrics = json.loads(out.metrics.read_text(encoding="utf-8"))
    curves = pd.read_csv(out.curves)
    return Candidate(
        digest=of_folder(out.model),
        tags={TASK: task.name, VARIANT: variant, KIND: source["kind"], **_origin()},
        params={key: str(value) for key, value in flat(read_params().model_dump(by_alias=True)).items()},
        metrics={_metric_name(key): float(value) for key, value in flat(metrics).items()},
        curves={
            column: [(int(epoch), float(value)) for epoch, value in zip(curves.epoch, curves[column], strict=True)]
            for column in curves.columns
            if column != "epoch"
        },
        model=out.model,
        files={
            "": PARAMS,
            "evaluation": out.metrics,
            "curves": out.curves,
            "plots": out.plots,
            "training": out.training_memes,
            "reference": out.reference,
        },
    )


def _metric_name(key: str) -> str:
    return key.replace(" ", "_")


def _origin() -> dict[str, str]:
    """The commit at registration, and whether the tree differed from it."""
    try:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
        changes = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return {}
    data = Path("data.dvc")
    hashed = {"symptomeme.data_dvc": data.read_text(encoding="utf-8")} if data.is_file() else {}
    dirty = str(bool(changes.stdout.strip())).lower()
    return {"symptomeme.git_commit": commit.stdout.strip(), "symptomeme.git_dirty": dirty, **hashed}
