"""What MLflow raises, whatever its store is, as one line for the user."""

import os
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from mlflow.exceptions import MlflowException
from requests import RequestException
from sqlalchemy.exc import SQLAlchemyError

from symptomeme.domain.addresses import without_password
from symptomeme.domain.errors import RegistryError
from symptomeme.domain.postgres import POSTGRES

Given = ParamSpec("Given")
Found = TypeVar("Found")

_NO_ROOM = ("disk is full", "disk I/O error", "No space left on device")
_NOT_THERE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")  # the latter of an alias


def in_one_line(method: Callable[Given, Found]) -> Callable[Given, Found]:
    """Let what MLflow raises come as RegistryError."""

    @wraps(method)
    def told(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        try:
            return method(*args, **kwargs)
        except (MlflowException, RequestException, SQLAlchemyError, ImportError) as error:
            told = reason(error)
            if "database is locked" in told:
                told = "its database is locked by another process. Let that end, then run it again."
            elif any(sign in told for sign in _NO_ROOM):
                told = "its database finds no room on its disk, or the disk fails. Make room where "
                told += f"{_setting()} points (default: mlruns.db), then run it again."
            else:
                told = f"{told}. Check {_setting()} and the server, then run it again."
            raise RegistryError(f"MLflow: {told}") from None

    return told


def _setting() -> str:
    """Which variable says where the registry is."""
    return f"{POSTGRES} or MLFLOW_TRACKING_URI" if os.environ.get(POSTGRES) else "MLFLOW_TRACKING_URI"


def not_there(error: MlflowException) -> bool:
    """Whether what was asked for is not in the registry."""
    return error.error_code in _NOT_THERE


def already_there(error: MlflowException) -> bool:
    """Whether another process was first."""
    return bool(error.error_code == "RESOURCE_ALREADY_EXISTS")


def reason(error: Exception) -> str:
    """What went wrong, in one line."""
    told = str(error.message) if isinstance(error, MlflowException) else str(error)
    return without_password(" ".join(told.split()))[:300].rstrip(".")
