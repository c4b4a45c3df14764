"""Verbs of the command line as tasks of a run, and how often a task is tried."""

from typing import Any, ParamSpec, TypeVar

from prefect import get_run_logger, task
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task, exponential_backoff

from flows.commands import PassingFault, verb
from flows.worktree import Place

Given = ParamSpec("Given")
Found = TypeVar("Found")

TRIES_AGAIN = 2
BACK_OFF = 10.0  # seconds before the second try, twice that before the third
HOUR = 3600.0


def passes(_: Task[..., Any], __: TaskRun, state: State[Any]) -> bool:
    """Whether a failed task is to be tried again."""
    return isinstance(state.result(raise_on_failure=False), PassingFault)


@task(retry_condition_fn=passes)
def ask(*words: str, place: Place, hours: float) -> dict[str, Any]:
    """The answer of a verb of the command line.

    Raises:
        PassingFault, LastingFault: it failed.
    """
    return verb(*words, cwd=place.root, say=get_run_logger().info, seconds=hours * HOUR, variables=place.variables)


def with_name(work: Task[Given, Found], name: str) -> Task[Given, Found]:
    """A task as the run's page shows it, with the tries it is given."""
    return work.with_options(
        name=name,
        retries=TRIES_AGAIN,
        retry_delay_seconds=exponential_backoff(BACK_OFF),
        retry_jitter_factor=0.2,
    )
