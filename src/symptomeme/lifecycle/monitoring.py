"""Compare what a champion sees now with what it was calibrated on; keep the result, and pages that show it."""

from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
from mlflow.entities.model_registry import ModelVersion

from symptomeme.domain.errors import RegistryError
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import StatePaths, monitor_report
from symptomeme.domain.params import MOST_CRITERIA, MonitorParams, Params
from symptomeme.domain.records import REFERENCE_ROWS, TRAINING_ROWS, read_rows
from symptomeme.domain.writing import write_json
from symptomeme.lifecycle.drift import Bounds, Features, compare, features
from symptomeme.lifecycle.drift_report import write_report
from symptomeme.lifecycle.moves import CHAMPION
from symptomeme.lifecycle.naming import model_name
from symptomeme.lifecycle.observed import Batch, given_memes, imported_memes, requested, scored
from symptomeme.lifecycle.registry import Registry

REFERENCE, TRAINING = "reference/reference.parquet", "training/training_memes.parquet"
MEMES, REQUESTS = "memes", "requests"


class Champion(NamedTuple):
    """A champion and what it was trained and calibrated on."""

    version: ModelVersion
    model: Path  # folder
    reference: pd.DataFrame
    trained: pd.DataFrame


def monitor(task: Task, params: Params, *, memes: Path | None, days: int, out: Path | None) -> dict[str, Any]:
    """Compare new memes and recent requests with the champion's reference, each by itself.

    Args:
        task: whose champion.
        params: the sections base, register and monitor are used.
        memes: what to compare in place of the newest import.
        days: of requests.
        out: folder of the pages; None: in reports/.

    Returns:
        What docs/monitoring.md describes; it is also kept in state/.

    Raises:
        RegistryError: there is no champion, or it has no reference.
        InputError: there are no memes to look for.
    """
    options = params.monitor
    champion = read_champion(model_name(params.registration, task.name), params.registration.experiment)
    drawn = {"most": options.max_rows, "seed": params.base.seed}
    batches = {
        MEMES: _memes(task, champion, memes, **drawn),
        REQUESTS: requested(task, str(champion.version.version), days=days, **drawn),
    }
    reference = features(champion.reference)
    new = {source: features(batch.rows) for source, batch in batches.items() if len(batch.rows)}
    compared = {source: found for source, found in new.items() if _enough(reference, found, options)}
    criteria = [
        {"source": source, **criterion._asdict()}
        for source, found in compared.items()
        for criterion in compare(reference, found, task.labels, bounds_of(params))
    ]
    folder = out or monitor_report(task.name)
    result = {
        "task": task.name,
        "model": champion.version.name,
        "model_version": str(champion.version.version),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "alarm": any(criterion["alarm"] for criterion in criteria),
        "rows": sum(len(new[source].scores) for source in compared),
        "reference_rows": len(champion.reference),
        "criteria": criteria,
        "batches": {source: _told(batch, source in compared, reference, options) for source, batch in batches.items()},
        "report": str(folder / "index.html"),
    }
    write_report(folder, result, task.labels, reference, compared)
    write_json(StatePaths().monitor(task.name), result)
    return result


def bounds_of(params: Params) -> Bounds:
    """How strict params are, shared out among all criteria of a run."""
    options = params.monitor
    return Bounds(
        level=options.false_alarms / MOST_CRITERIA,
        permutations=options.permutations,
        min_rows=options.min_rows,
        min_distance=options.min_distance,
        min_embedding_distance=options.min_embedding_distance,
        seed=params.base.seed,
    )


def read_champion(name: str, experiment: str) -> Champion:
    """The champion of a registered model, and its tables.

    Raises:
        RegistryError: there is none, or a table was not logged with it.
    """
    registry = Registry(experiment=experiment)
    model, version = registry.fetch(f"models:/{name}@{CHAMPION}")
    with TemporaryDirectory(prefix="symptomeme-monitor-") as scratch:
        tables = [
            _table(registry, version, path, schema, Path(scratch))
            for path, schema in ((REFERENCE, REFERENCE_ROWS), (TRAINING, TRAINING_ROWS))
        ]
    return Champion(version, model, *tables)


def _table(registry: Registry, version: ModelVersion, path: str, schema: pa.Schema, into: Path) -> pd.DataFrame:
    found = registry.logged(version, path, into=into)
    if found is None:
        raise RegistryError(
            f"{version.name} {version.version}: {path} is not among the artifacts of its run, so there is nothing to "
            "compare with. Train and register it again ('dvc repro'), and promote that."
        )
    return read_rows(found, schema)


def _memes(task: Task, champion: Champion, given: Path | None, *, most: int, seed: int) -> Batch:
    with _looked_for(task, champion, given) as found:
        if found.empty:
            return Batch(pd.DataFrame(), {})
        from symptomeme.predictor import Predictor  # noqa: PLC0415 - most days there is nothing to score

        return scored(found, Predictor(champion.model), most=most, seed=seed)


def _looked_for(task: Task, champion: Champion, given: Path | None) -> AbstractContextManager[pd.DataFrame]:
    if given is not None:
        return given_memes(given)
    return nullcontext(imported_memes(task, champion.trained, champion.reference))


def _enough(reference: Features, new: Features, options: MonitorParams) -> bool:
    return min(len(reference.scores), len(new.scores)) >= options.min_rows


def _told(batch: Batch, compared: bool, reference: Features, options: MonitorParams) -> dict[str, Any]:
    """How many rows a batch has, and whether and why not they were compared."""
    rows, old = len(batch.rows), len(reference.scores)
    if compared:
        told = "compared"
    elif not rows:
        told = "nothing new"
    else:
        told = f"too few rows: {rows} new, {old} in the reference, at least {options.min_rows} of each are compared"
    return {"rows": rows, "compared": compared, "told": told, "left_out": batch.left_out}
