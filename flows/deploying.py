"""`python -m flows.deploying`: give the Prefect server of PREFECT_API_URL its pool, deployments and automation."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from prefect.client.orchestration import get_client

from flows.environment import HOME
from flows.programs import POOL, ServerError, say
from symptomeme.domain.addresses import without_password

DEPLOYED = HOME / "deployed"
DEFINED_BY = ("prefect.yaml", "flows/*.py")


def deploy() -> None:
    """Make them, unless they were made of the same files and settings before: what was paused stays so.

    Raises:
        ServerError: Prefect refused.
    """
    files = sorted(path for pattern in DEFINED_BY for path in Path.cwd().glob(pattern))
    server = without_password(os.environ.get("PREFECT_API_DATABASE_CONNECTION_URL") or str(HOME.absolute()))
    settings = f"{server} {os.environ.get('PREFECT_FLOWS_HEARTBEAT_FREQUENCY', '')}"
    found = hashlib.sha256(b"".join([settings.encode(), *(path.read_bytes() for path in files)])).hexdigest()
    if DEPLOYED.is_file() and DEPLOYED.read_text(encoding="utf-8") == found and are_there():
        return
    say("deploying")
    _python("prefect", "work-pool", "create", POOL, "--type", "process", "--overwrite")
    _python("prefect", "--no-prompt", "deploy", "--all")
    _python("flows.watching")
    DEPLOYED.parent.mkdir(parents=True, exist_ok=True)
    DEPLOYED.write_text(found, encoding="utf-8")


def are_there() -> bool:
    """Whether the server has deployments: its database may have been emptied since."""
    with get_client(sync_client=True) as client:
        return bool(client.read_deployments(limit=1))


def _python(*module: str) -> None:
    command = [sys.executable, "-m", *module]
    done = subprocess.run(
        command, env={**os.environ, "PWD": str(Path.cwd())}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        told = " ".join((done.stderr or done.stdout).split())[-300:]
        raise ServerError(f"'{' '.join(module)}' failed: {told}")


def main() -> int:
    """Deploy; 1 with a line on stderr when it cannot."""
    try:
        deploy()
    except ServerError as error:
        print(f"deploying: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
