"""The local registry's database, made whole: MLflow cannot open one again whose making was cut off."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow


def make_database(path: Path) -> None:
    """Make MLflow's SQLite database beside its place and put it there, if there is none."""
    if path.exists():
        return
    with TemporaryDirectory(prefix=".mlruns-", dir=path.parent) as scratch:
        fresh = Path(scratch) / path.name
        mlflow.MlflowClient(f"sqlite:///{fresh}").search_experiments(max_results=1)
        with suppress(FileExistsError):  # another process was first
            os.link(fresh, path)
