"""Runs that somebody starts at a terminal: an error is one line, and an exit code."""

import sys
from collections.abc import Callable
from typing import Any

import httpx
from prefect.exceptions import PrefectException

from flows.commands import Fault


def run_here(name: str, work: Callable[[], Any]) -> int:
    """Run a flow; 0, or 1 with a line on stderr, or 130 when it was interrupted."""
    try:
        work()
    except Fault as fault:
        told = str(fault)
    except KeyboardInterrupt:
        print(f"{name}: interrupted; run it again to go on.", file=sys.stderr)
        return 130
    except (PrefectException, httpx.HTTPError, RuntimeError) as error:  # of its server: away, or its database locked
        told = f"Prefect: {' '.join(str(error).split())[:300]} See that no other program holds .prefect/prefect.db."
    else:
        return 0
    print(f"{name}: {told}", file=sys.stderr)
    return 1
