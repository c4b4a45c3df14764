"""Where Prefect keeps its state, and which server a run reports to."""

import fcntl
import json
import os
from pathlib import Path

from symptomeme.cli.main import ENVIRONMENT
from symptomeme.domain.errors import InputError
from symptomeme.domain.postgres import settle_databases

HOME = Path(".prefect")
RUNNING = HOME / "running.json"
"""Held locked by the one server of this project while it runs; what it holds then is the server's addresses."""

PREFECT = {
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",  # without a server a run starts one for itself
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300",  # seconds; Prefect's 20 are too few on a busy machine
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
}


def settle() -> None:
    """Give this process, and what it starts, the project's own Prefect; a variable that is already set wins.

    Raises:
        SystemExit: SYMPTOMEME_POSTGRES is no address; as a line, since modules call this before all else.
    """
    for name, value in {**ENVIRONMENT, **PREFECT, "PREFECT_HOME": str(HOME.absolute())}.items():
        os.environ.setdefault(name, value)
    if "PREFECT_API_URL" not in os.environ and (server := running_server()):
        os.environ["PREFECT_API_URL"] = server["prefect"]
        if server["tracking"]:
            os.environ.setdefault("MLFLOW_TRACKING_URI", server["tracking"])
    try:
        settle_databases()
    except InputError as error:
        raise SystemExit(f"flows: {error}") from None


def running_server() -> dict[str, str] | None:
    """The addresses of the server that runs in this project, None if none does.

    `prefect` is its API, `ui` and `mlflow` are pages, `tracking` is where models are sent, if not to
    the database itself.
    """
    try:
        with RUNNING.open(encoding="utf-8") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                told: dict[str, str] = json.loads(held.read() or "null")
                return told
    except FileNotFoundError:
        pass
    return None
