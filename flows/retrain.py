"""`python -m flows.retrain`: from what lies in data/ to models that are served, by the graph of dvc.yaml.

Each stage is a task; DVC decides whether it has work to do. A task that failed for a passing reason is tried again.
"""

import argparse
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, ParamSpec, TypeVar

from prefect import flow, get_run_logger, task
from prefect.client.schemas.objects import State, TaskRun
from prefect.flow_runs import pause_flow_run
from prefect.futures import PrefectFuture, wait
from prefect.input import RunInput
from prefect.tasks import Task, exponential_backoff

from flows import page
from flows.commands import Fault, LastingFault, PassingFault, begin, checked, end_all, verb
from flows.graph import Step, steps
from flows.here import in_one_line, run_here
from flows.keeping import FILES, commit_to
from flows.worktree import Place, place_for
from symptomeme.domain.errors import InputError
from symptomeme.domain.locking import alone

Given = ParamSpec("Given")
Found = TypeVar("Found")

AT_ONCE = BoundedSemaphore(2)  # stages; those of different tasks need nothing of one another
TRIES_AGAIN = 2
BACK_OFF = 10.0  # seconds before the second try, twice that before the third
HOUR = 3600.0
PATIENCE = 7 * 24 * 3600  # seconds that a paused run waits for somebody


class Approval(RunInput):
    """What a person is asked who has seen the gate's figures."""

    promote: bool = False


def passes(_: Task[..., Any], __: TaskRun, state: State[Any]) -> bool:
    """Whether a failed task is to be tried again."""
    return isinstance(state.result(raise_on_failure=False), PassingFault)


@task(retry_condition_fn=passes)
def run_step(step: Step, place: Place, *, force: bool, hours: float) -> None:
    """Bring one node of the graph up to date; its lines are shown in the run as they come.

    Raises:
        PassingFault, LastingFault: it failed.
    """
    if step.data is None:
        words = ["repro", "--single-item", *(["--force"] if force else []), step.name]
    elif place.is_own:
        return  # its data was checked out when it was made
    elif (place.root / step.data).exists():
        words = ["add", "--quiet", step.data]
    else:
        words = ["pull", step.name]
    say = get_run_logger().info
    with AT_ONCE:
        checked(
            "dvc", "--wait-for-lock", *words, cwd=place.root, say=say, seconds=hours * HOUR, variables=place.variables
        )


@task(retry_condition_fn=passes)
def ask(*words: str, place: Place, hours: float) -> dict[str, Any]:
    """The answer of a verb of the command line.

    Raises:
        PassingFault, LastingFault: it failed.
    """
    return verb(*words, cwd=place.root, say=get_run_logger().info, seconds=hours * HOUR, variables=place.variables)


@flow(name="retrain")
@in_one_line
def retrain(
    tasks: list[str] | None = None,
    variants: list[str] | None = None,
    overrides: list[str] | None = None,
    force: bool = False,
    commit_to_branch: str | None = None,
    ask_first: bool = False,
    wait_minutes: float = 180,
    hours_a_step: float = 48,
) -> None:
    """Retrain what is stale, register it, let the gate decide, package what is to be served.

    Args:
        tasks: these alone; none: all in params.yaml.
        variants: these alone; none: all in params.yaml.
        overrides: other values of params.yaml, as `dvc exp run -S` takes them, in a work tree of their own.
        force: run every stage, stale or not.
        commit_to_branch: a branch that data.dvc, dvc.lock and params.yaml are committed to when the stages have ended.
        ask_first: judge only, and pause until somebody has said on the run's page whether the gate may promote.
        wait_minutes: how long to wait for another run in this project; 0: not at all.
        hours_a_step: what takes longer is ended.
    """
    home = Path.cwd()
    logger = get_run_logger()
    with the_only_one(wait_minutes), place_for(home, overrides or [], registry=registry(), say=logger.info) as place:
        graph = steps(place.root, tasks=tasks, variants=variants)
        try:
            run_graph(graph, place, force=force, hours=hours_a_step)
        finally:
            page.show_files(place.root, [name for name in FILES if (place.root / name).is_file()])
        if commit_to_branch:
            commit = commit_to(commit_to_branch, home=home, root=place.root, message=f"Retrain: {_summary(graph)}")
            logger.info("%s: %s", commit_to_branch, commit or "holds the same already")
        named = list(dict.fromkeys(step.task for step in graph if step.task))
        page.show_links(place.root, named)
        page.show_plots(place.root, graph)
        page.show_figures(with_name(ask, "compare")("results", place=place, hours=hours_a_step)["rows"])
    decide(named, Place(home, {}, is_own=False), ask_first=ask_first, hours=hours_a_step)


def decide(tasks: Sequence[str], place: Place, *, ask_first: bool, hours: float) -> None:
    """Let the gate decide on each task's challenger, then package the champions.

    Raises:
        PassingFault, LastingFault: a step failed.
    """
    for name in tasks:
        words = ("promote", "--task", name)
        if ask_first:
            judged = with_name(ask, f"judge {name}")(*words, "--dry-run", place=place, hours=hours)
            page.show_decision(name, judged)
            if not pause_flow_run(wait_for_input=Approval, timeout=PATIENCE).promote:
                get_run_logger().warning("%s: not promoted, as a person decided", name)
                continue
        page.show_decision(name, with_name(ask, f"promote {name}")(*words, place=place, hours=hours))
    page.show_answer("package", "What is served", with_name(ask, "package")("package", place=place, hours=hours))


def registry() -> str:
    """Where models are registered, as it can be said in any folder."""
    given = os.environ.get("MLFLOW_TRACKING_URI") or "sqlite:///mlruns.db"
    scheme, _, path = given.partition(":///")
    return f"sqlite:///{Path(path).absolute()}" if scheme == "sqlite" else given


@contextmanager
def the_only_one(minutes: float) -> Iterator[None]:
    """Be the one run that writes in this project; wait for another one first.

    Raises:
        LastingFault: it has not ended in time.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(alone("retrain", patience=0))
        except InputError as error:
            other = str(error).partition(". ")[0]
            get_run_logger().warning("%s; waiting for up to %g minutes.", other, minutes)
            try:
                stack.enter_context(alone("retrain", patience=60 * minutes))
            except InputError as still:
                raise LastingFault(str(still)) from None
        yield


def run_graph(graph: Sequence[Step], place: Place, *, force: bool, hours: float) -> None:
    """Run every step behind those it needs; what does not need a failed one is still run.

    Raises:
        LastingFault: steps failed; the message names each with its reason.
    """
    futures: dict[str, PrefectFuture[Any]] = {}
    begin()
    try:
        for step in graph:
            needed = [futures[name] for name in step.after]
            futures[step.name] = with_name(run_step, step.name).submit(
                step, place, force=force, hours=hours, wait_for=needed, return_state=False
            )
        wait(list(futures.values()))
    except BaseException:  # cancelled, or interrupted: no stage may go on
        end_all()
        raise
    reasons = []
    for name, future in futures.items():
        found = future.result(raise_on_failure=False) if future.state.is_failed() else None
        if isinstance(found, Fault):
            reasons.append(f"{name}: {found}")
        elif not future.state.is_completed() and future.state.name != "NotReady":
            reasons.append(f"{name}: {future.state.name}")
    if reasons:
        raise LastingFault("; ".join(reasons))


def with_name(work: Task[Given, Found], name: str) -> Task[Given, Found]:
    """A task as the run's page shows it, with the tries it is given."""
    return work.with_options(
        name=name,
        retries=TRIES_AGAIN,
        retry_delay_seconds=exponential_backoff(BACK_OFF),
        retry_jitter_factor=0.2,
    )


def _summary(graph: Sequence[Step]) -> str:
    return ", ".join(dict.fromkeys(step.task for step in graph if step.task))


def main(argv: list[str] | None = None) -> int:
    """Run it here and now; without a server it brings its own."""
    parser = argparse.ArgumentParser(prog="python -m flows.retrain", description="retrain what is stale")
    parser.add_argument("--tasks", nargs="+")
    parser.add_argument("--variants", nargs="+")
    parser.add_argument("--overrides", nargs="+", metavar="KEY=VALUE", help="as for `dvc exp run -S`")
    parser.add_argument("--force", action="store_true", help="run every stage, stale or not")
    parser.add_argument("--commit-to-branch", metavar="BRANCH")
    parser.add_argument("--wait-minutes", type=float, default=180)
    parser.add_argument("--hours-a-step", type=float, default=48)
    given = vars(parser.parse_args(argv))
    return run_here("retrain", lambda: retrain(**given, return_state=True))[0]


if __name__ == "__main__":
    raise SystemExit(main())
