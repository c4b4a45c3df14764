"""Compare what a champion sees now with its validation memes; keep the result, and pages that show it."""

from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from symptomeme.domain.labels import Task
from symptomeme.domain.layout import StatePaths, monitor_report, task_paths
from symptomeme.domain.params import Params
from symptomeme.domain.sections.lifecycle import MOST_CRITERIA, MonitorParams
from symptomeme.domain.writing import write_json
from symptomeme.lifecycle.drift import Bounds, Features, compare, features
from symptomeme.lifecycle.drift_report import write_report
from symptomeme.lifecycle.naming import model_name
from symptomeme.lifecycle.observed import Batch, given_memes, imported_memes, requested, scored
from symptomeme.lifecycle.reference import Champion, read_champion, trained_texts

MEMES, REQUESTS = "memes", "requests"


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
    texts = trained_texts(champion.trained, task_paths(task.name).texts)
    reference = features(champion.reference, texts)
    new = {source: features(batch.rows) for source, batch in batches.items() if len(batch.rows)}
    compared = {source: found for source, found in new.items() if _enough(reference, found, options)}
    bounds = bounds_of(params, batches=len(compared))
    criteria = [
        {"source": source, **criterion._asdict()}
        for source, found in compared.items()
        for criterion in compare(reference, found, task.labels, bounds)
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
        "reference_texts": len(texts),
        "criteria": criteria,
        "batches": {source: _told(batch, source in compared, reference, options) for source, batch in batches.items()},
        "report": str(folder / "index.html"),
    }
    write_report(folder, result, task.labels, reference, compared)
    write_json(StatePaths().monitor(task.name), result)
    return result


def bounds_of(params: Params, *, batches: int) -> Bounds:
    """How strict params are, shared out among the criteria of the batches that a run compares."""
    options = params.monitor
    criteria = MOST_CRITERIA * max(batches, 1) // len((MEMES, REQUESTS))
    return Bounds(
        level=options.false_alarms / criteria,
        permutations=options.permutations,
        min_rows=options.min_rows,
        min_distance=options.min_distance,
        min_embedding_distance=options.min_embedding_distance,
        seed=params.base.seed,
    )


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
