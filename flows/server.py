"""`make server`: Prefect's server, MLflow and a worker, for as long as this process lives.

All state is the project's own. A program that ends by itself is started again; when this process ends, all do.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TextIO

from flows.deploying import deploy
from flows.environment import RUNNING, running_server
from flows.postgres import look_at_databases
from flows.programs import ARTIFACTS, LOGS, Kept, ServerError, keeping, programs, say, worker
from symptomeme.domain.addresses import without_password
from symptomeme.domain.ports import LOOPBACK

PORTS = {"prefect": ("SYMPTOMEME_PREFECT_PORT", 4200), "mlflow": ("SYMPTOMEME_MLFLOW_PORT", 5000)}
MAKE_STORE = """
from pathlib import Path
from symptomeme.lifecycle.database import make_database
make_database(Path("mlruns.db").absolute())
"""  # in a process of its own, which MLflow need not fill for as long as the server lives


def serve() -> int:
    """Run all until SIGINT or SIGTERM.

    Raises:
        ServerError: a port is taken, a database cannot be used, or a program does not start.
    """
    if not Path("prefect.yaml").is_file():
        raise ServerError("there is no prefect.yaml here. Run this in the project's root.")
    LOGS.mkdir(parents=True, exist_ok=True)
    with RUNNING.open("a+", encoding="utf-8") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            told = running_server()
            say("it is running already" + (f": {told['ui']}, MLflow {told['mlflow']}" if told else ", or about to"))
            return 0
        held.truncate(0)
        return _serve(held)


def _serve(held: TextIO) -> int:
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    ports = {name: _port(variable, str(port)) for name, (variable, port) in PORTS.items()}
    store = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path('mlruns.db').absolute()}"
    wanted = programs(ports, store)
    look_at_databases()
    tracking = f"http://{LOOPBACK}:{ports['mlflow']}" if ARTIFACTS in os.environ else ""
    if tracking:
        os.environ["MLFLOW_TRACKING_URI"] = tracking
    for program in wanted:
        _check_free(program.name, ports[program.name])
    os.environ["PREFECT_API_URL"] = f"http://{LOOPBACK}:{ports['prefect']}/api"
    # Prefect's own pages alone, which need no leave: else any page in the same browser could start runs
    os.environ.setdefault(
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS",
        ",".join(f"http://{host}:{ports['prefect']}" for host in (LOOPBACK, "localhost")),
    )
    os.environ["PREFECT_UI_URL"] = f"http://{LOOPBACK}:{ports['prefect']}"
    os.environ.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")  # one process less; none of it is used
    with keeping() as kept:
        if len(wanted) > 1 and store.startswith("sqlite"):
            _make_store()
        for program in wanted:
            kept.append(Kept(program))
        for server in kept:
            server.wait_until_it_answers(stopping)
        if not stopping.is_set():
            deploy()
            kept.append(Kept(worker()))
            is_here = len(wanted) > 1
            told = {
                "prefect": os.environ["PREFECT_API_URL"],
                "ui": os.environ["PREFECT_UI_URL"],
                "tracking": tracking,
                "mlflow": f"http://{LOOPBACK}:{ports['mlflow']}" if is_here else without_password(store),
            }
            held.write(json.dumps(told))
            held.flush()
            say(f"Prefect {told['ui']}, MLflow {told['mlflow']}; logs in {LOGS}/; Ctrl-C stops all")
        while not stopping.wait(1):
            for one in kept:
                one.keep()
    held.truncate(0)
    say("stopped")
    return 0


def _make_store() -> None:
    """Make MLflow's database as the command line does, if there is none: a half-made one cannot be opened again."""
    done = subprocess.run([sys.executable, "-c", MAKE_STORE], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServerError(f"MLflow's database cannot be made: {' '.join(done.stderr.split())[-300:]}")


def _port(variable: str, usual: str) -> int:
    given = os.environ.get(variable, usual)
    if not (given.isdecimal() and 0 < int(given) < 2**16):
        raise ServerError(f"{variable} is {given!r}: a port is a number from 1 to 65535.")
    return int(given)


def _check_free(name: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            raise ServerError(
                f"port {port} is taken by another program. Set {PORTS[name][0]} to a free one, or end that program."
            ) from None


def main() -> int:
    """Run it; 1 with a line on stderr when it cannot."""
    try:
        return serve()
    except ServerError as error:
        print(f"server: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
