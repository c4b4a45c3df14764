"""Learning curves in MLflow while a model trains: only to be looked at, so that nothing here can hold up or end a run.

On where SYMPTOMEME_LIVE_CURVES=1 and MLFLOW_TRACKING_URI are set. What `register` logs later does not depend on it.
"""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

from symptomeme.domain.addresses import without_password

LOG = logging.getLogger(__name__)

SWITCH, SERVER = "SYMPTOMEME_LIVE_CURVES", "MLFLOW_TRACKING_URI"
EXPERIMENT = "symptomeme-live"
CHECKPOINT = "symptomeme.checkpoint"  # tag: a run that goes on from a checkpoint goes on in MLflow too
LIMITS = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "10", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
"""Over what is set: the patience that other requests need would hold up the end of training."""
PATIENCE = 15  # seconds that the end of training waits for what is not sent yet

Row = Mapping[str, float]


@contextmanager
def live_curves(name: str, *, checkpoint: str) -> Iterator[Callable[[Row], None] | None]:
    """Give what an epoch's figures (with `epoch`) are handed to; None where live curves are off.

    Args:
        name: of the MLflow run.
        checkpoint: the key of the training's checkpoint.
    """
    if os.environ.get(SWITCH) != "1":
        yield None
        return
    rows: SimpleQueue[Row | None] = SimpleQueue()
    given_up = Event()
    thread = Thread(target=_send_all, args=(name, checkpoint, rows, given_up), daemon=True)
    with _limits():
        thread.start()
        try:
            yield rows.put
        finally:
            rows.put(None)
            thread.join(PATIENCE)
            if thread.is_alive():
                given_up.set()
                LOG.warning("live curves are not whole: %s seconds after training not all was sent.", PATIENCE)


@contextmanager
def _limits() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in LIMITS}
    os.environ.update(LIMITS)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _send_all(name: str, checkpoint: str, rows: "SimpleQueue[Row | None]", given_up: Event) -> None:
    """Send rows until None comes; at the first failure say so once, unless that was given up; no more is sent then."""
    try:
        if SERVER not in os.environ:
            raise RuntimeError(f"{SERVER} is not set")
        client, run_id = _begin(name, checkpoint)
        while (row := rows.get()) is not None:
            for figure, value in row.items():
                if figure != "epoch":
                    client.log_metric(run_id, figure, value, step=int(row["epoch"]))
        client.set_terminated(run_id)
    except Exception as error:  # whatever it is, it is no reason to stop training
        if given_up.is_set():
            return
        told = without_password(" ".join(str(error).split()))[:200]
        LOG.warning("no live curves (%s: %s); training goes on without.", type(error).__name__, told)


def _begin(name: str, checkpoint: str) -> tuple[Any, str]:
    """A client, and the id of the run that this checkpoint had, or of a new one."""
    from mlflow import MlflowClient  # noqa: PLC0415 - takes seconds, and most runs do without

    client = MlflowClient()
    found = client.get_experiment_by_name(EXPERIMENT)
    experiment = found.experiment_id if found else client.create_experiment(EXPERIMENT)
    runs = client.search_runs([experiment], f"tags.`{CHECKPOINT}` = '{checkpoint}'", max_results=1)
    if runs:
        client.update_run(runs[0].info.run_id, status="RUNNING")
        return client, str(runs[0].info.run_id)
    return client, str(client.create_run(experiment, run_name=name, tags={CHECKPOINT: checkpoint}).info.run_id)
