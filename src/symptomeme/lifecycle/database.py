"""The registry's database, before MLflow opens it: of a half-made one and of one that is away it tells too late."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
import sqlalchemy

from symptomeme.domain.errors import RegistryError


def make_database(path: Path) -> None:
    """Make MLflow's SQLite database beside its place and put it there, if there is none."""
    if path.exists():
        return
    with TemporaryDirectory(prefix=".mlruns-", dir=path.parent) as scratch:
        fresh = Path(scratch) / path.name
        mlflow.MlflowClient(f"sqlite:///{fresh}").search_experiments(max_results=1)
        with suppress(FileExistsError):  # another process was first
            os.link(fresh, path)


def reach(address: str) -> None:
    """Connect to a Postgres once: where none answers MLflow would try again and again, for minutes and in silence.

    Raises:
        RegistryError: its driver is not installed.
    """
    try:
        engine = sqlalchemy.create_engine(address, poolclass=sqlalchemy.NullPool)
    except ModuleNotFoundError as error:
        raise RegistryError(
            f"the registry is in Postgres, whose driver {error.name} is not installed. "
            "Type pip install -c requirements.lock -e '.[postgres]'"
        ) from None
    with engine.connect():
        pass
