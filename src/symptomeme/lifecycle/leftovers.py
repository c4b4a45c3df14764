"""Runs of registrations that were killed: nobody has said how they ended."""

from collections.abc import Collection
from contextlib import suppress

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException


def end_leftovers(client: MlflowClient, experiment: str, run_name: str, whole: Collection[str]) -> None:
    """End all runs of this name that still count as running.

    One that another process is at does no harm: it says itself how it ends.

    Args:
        client: of the registry.
        experiment: its name.
        run_name: of registrations of one variant.
        whole: ids of runs that a version was made of; others have failed.
    """
    found = client.get_experiment_by_name(experiment)
    if found is None:
        return
    wanted = f"attributes.run_name = '{run_name}' and attributes.status = 'RUNNING'"
    for run in client.search_runs([found.experiment_id], wanted):
        with suppress(MlflowException):  # another process has deleted it
            client.set_terminated(run.info.run_id, "FINISHED" if run.info.run_id in whole else "FAILED")
