"""Pages that show a comparison: a table of criteria, and Evidently's plots of each distribution, old and new."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from scipy.stats import ks_2samp

from symptomeme.domain.writing import replacing, write_text
from symptomeme.lifecycle.drift import KS, Features

_METHOD = "symptomeme_ks"


def write_report(
    folder: Path,
    result: Mapping[str, Any],
    labels: Sequence[str],
    reference: Features,
    compared: Mapping[str, Features],
) -> None:
    """Write index.html, and a page a batch that was compared; an earlier run's that say nothing now go.

    Args:
        folder: where to.
        result: as `monitoring.monitor` returns it.
        labels: the classes, in order.
        reference: what the batches were compared with.
        compared: by source.
    """
    environment = Environment(
        loader=PackageLoader("symptomeme", "assets/monitor"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    for source in result["batches"]:
        page = folder / f"{source}.html"
        if source not in compared:
            page.unlink(missing_ok=True)  # an earlier run's
            continue
        criteria = [found for found in result["criteria"] if found["source"] == source]
        bounds = {found["name"]: found["bound"] for found in criteria}
        bounds |= {found["where"]: 0.0 for found in criteria if found["where"] and found["alarm"]}  # the class named
        with replacing(page) as beside:
            _write_distributions(beside, _columns(reference, labels), _columns(compared[source], labels), bounds)
    write_text(folder / "index.html", environment.get_template("index.html.j2").render(result))


def _columns(found: Features, labels: Sequence[str]) -> pd.DataFrame:
    scores = pd.DataFrame(found.scores, columns=list(labels))
    return pd.concat([found.numbers.reset_index(drop=True), scores], axis=1)


def _write_distributions(path: Path, old: pd.DataFrame, new: pd.DataFrame, bounds: Mapping[str, float]) -> None:
    """Evidently's page, with our distance and bound at each column; one file that needs no network.

    Classes have no bounds of their own: the one that an alarm names is marked, and no other.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it uses what its own dependencies have deprecated
        from evidently import DataDefinition, Dataset, Report  # noqa: PLC0415 - takes seconds to import
        from evidently.legacy.calculations.stattests import StatTest, register_stattest  # noqa: PLC0415
        from evidently.legacy.core import ColumnType  # noqa: PLC0415
        from evidently.metrics import ValueDrift  # noqa: PLC0415

        register_stattest(StatTest(name=_METHOD, display_name=KS, allowed_feature_types=[ColumnType.Numerical]), _ks)
        told = [name for name in old if str(name) in bounds or name not in ("text_length", "ocr_confidence", "abstain")]
        definition = DataDefinition(numerical_columns=told)
        metrics = [ValueDrift(column=name, method=_METHOD, threshold=bounds.get(str(name), 1.0)) for name in told]
        sides = [Dataset.from_pandas(side[told], data_definition=definition) for side in (new, old)]
        with np.errstate(all="ignore"):
            snapshot = Report(metrics).run(*sides)
        snapshot.save_html(str(path))


def _ks(old: pd.Series, new: pd.Series, _: object, bound: float) -> tuple[float, bool]:
    distance = float(ks_2samp(old, new).statistic)
    return distance, distance > bound
