"""`python -m flows.retrain`: from what lies in data/ to models that are served, by the graph of dvc.yaml.

Each stage is a task; DVC decides whether it has work to do. A task that failed for a passing reason is tried again.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.futures import PrefectFuture, wait
from prefect.settings import PREFECT_API_URL

from flows import page
from flows.asking import HOUR, ask, passes, with_name
from flows.commands import Fault, LastingFault, PassingFault, Say, begin, checked, end_all, fault, run
from flows.deciding import decide
from flows.graph import Step, steps
from flows.here import in_one_line, run_here
from flows.keeping import FILES, commit_to
from flows.turn import Turn
from flows.worktree import Place, place_for
from symptomeme.lifecycle.lock_file import MENDED, mend_lock_file

AT_ONCE = BoundedSemaphore(2)  # stages; those of different tasks need nothing of one another


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
        _check_left_out(step, place, say)
        try:
            checked(
                "dvc",
                "--wait-for-lock",
                *words,
                cwd=place.root,
                say=say,
                seconds=hours * HOUR,
                variables=place.variables,
            )
        except Fault:
            if mend_lock_file(place.root):
                raise PassingFault(MENDED) from None
            raise


def _check_left_out(step: Step, place: Place, say: Say) -> None:
    """See that what a step needs is up to date though this run leaves it out.

    Raises:
        PassingFault: DVC could not look.
        LastingFault: it is not.
    """
    if not step.left_out:
        return
    words = ("--wait-for-lock", "status", "--json", *step.left_out)
    looked = run("dvc", *words, cwd=place.root, say=say, seconds=HOUR, keep=True, variables=place.variables)
    if looked.code:
        raise fault(looked)
    if stale := sorted(json.loads(looked.kept or "{}")):
        raise LastingFault(
            f"{step.name} takes all variants of params.yaml, and {', '.join(stale)} is out of date: "
            "retrain those variants too, or delete them from variants in params.yaml."
        )


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
        variants: these alone, where the others are up to date; none: all in params.yaml.
        overrides: other values of params.yaml, as `dvc exp run -S` takes them, in a work tree of their own.
        force: run every stage, stale or not.
        commit_to_branch: a branch that data.dvc, dvc.lock and params.yaml are committed to when the stages have ended.
        ask_first: before a promotion pause until somebody has agreed to it on the run's page; others may run meanwhile.
        wait_minutes: how long to wait for another run in this project; 0: not at all.
        hours_a_step: what takes longer is ended.
    """
    home = Path.cwd()
    logger = get_run_logger()
    with Turn(wait_minutes) as turn:
        with place_for(home, overrides or [], registry=registry(), say=logger.info) as place:
            graph = steps(place.root, tasks=tasks, variants=variants)
            try:
                run_graph(graph, place, force=force, hours=hours_a_step)
            finally:
                page.show_files(place.root, FILES)
            if commit_to_branch:
                commit = commit_to(commit_to_branch, home=home, root=place.root, message=f"Retrain: {_summary(graph)}")
                logger.info("%s: %s", commit_to_branch, commit or "holds the same already")
            named = list(dict.fromkeys(step.task for step in graph if step.task))
            page.show_links(place, named)
            page.show_plots(place.root, graph)
            page.show_figures(with_name(ask, "compare")("results", place=place, hours=hours_a_step)["rows"])
        decide(named, Place(home, {}, is_own=False), turn, ask_first=ask_first, hours=hours_a_step)


def registry() -> str:
    """Where models are registered, as it can be said in any folder."""
    given = os.environ.get("MLFLOW_TRACKING_URI") or "sqlite:///mlruns.db"
    scheme, _, path = given.partition(":///")
    return f"sqlite:///{Path(path).absolute()}" if scheme == "sqlite" else given


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
    parser.add_argument("--ask-first", action="store_true", help="let somebody agree on the run's page")
    parser.add_argument("--wait-minutes", type=float, default=180)
    parser.add_argument("--hours-a-step", type=float, default=48)
    given = vars(parser.parse_args(argv))
    if given["ask_first"] and not PREFECT_API_URL.value():
        print(
            "retrain: --ask-first: there is no server on whose page somebody could answer. "
            "Start one ('make server'), or leave that option out.",
            file=sys.stderr,
        )
        return 1
    return run_here("retrain", lambda: retrain(**given, return_state=True))[0]


if __name__ == "__main__":
    raise SystemExit(main())
