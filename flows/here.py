"""How a run that failed is told: in one line, as the run's state and at the terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import ParamSpec, TypeVar

import httpx
from dvc.exceptions import DvcException
from prefect.client.schemas.objects import State
from prefect.events.worker import EventsWorker
from prefect.exceptions import PrefectException
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Failed

from flows.commands import Fault
from flows.postgres import look_at_databases
from flows.programs import ServerError, prefect_at, running
from symptomeme.domain.errors import SymptomemeError
from symptomeme.domain.ports import free_port

LONGEST = 2000  # characters of the line

Given = ParamSpec("Given")
Found = TypeVar("Found")


def in_one_line(work: Callable[Given, Found]) -> Callable[Given, Found | State[Found]]:
    """Let a flow that cannot go on end in a failed state whose message is one line, with no traceback."""

    @wraps(work)
    def told(*args: Given.args, **kwargs: Given.kwargs) -> Found | State[Found]:
        try:
            return work(*args, **kwargs)
        except (Fault, SymptomemeError, DvcException, PrefectException, OSError) as error:
            return Failed(message=" ".join(str(error).split())[:LONGEST] or type(error).__name__)

    return told


@contextmanager
def some_server() -> Iterator[None]:
    """The server that is named, or one for as long as the block lasts, which ends with this process however it ends.

    Prefect would start one too, but leave it running when this process is killed.

    Raises:
        ServerError: it does not start, or a database of its cannot be used.
    """
    if PREFECT_API_URL.value():
        yield
        return
    look_at_databases()
    with running(prefect_at(free_port())) as server, temporary_settings({PREFECT_API_URL: server}):
        try:
            yield
        finally:  # what is still to be sent
            with suppress(RuntimeError):  # nothing was
                APILogWorker.instance().drain()
            EventsWorker.drain_all()


def run_here(name: str, work: Callable[[], State[Found]]) -> tuple[int, State[Found] | None]:
    """Run a flow at a terminal: 0 and its state, or 1 and a line on stderr, or 130 when it was interrupted."""
    try:
        with some_server():
            state = work()
    except ServerError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1, None
    except KeyboardInterrupt:
        print(f"{name}: interrupted; run it again to go on.", file=sys.stderr)
        return 130, None
    except (PrefectException, httpx.HTTPError, RuntimeError) as error:  # of its server: away, or its database locked
        told = " ".join(str(error).split())[:300].rstrip(".")
        print(f"{name}: Prefect: {told}. See that no other program holds its database.", file=sys.stderr)
        return 1, None
    if state.is_completed():
        return 0, state
    print(f"{name}: {state.message or state.name}", file=sys.stderr)
    return 1, state
