"""`python -m flows.monitor`: is what comes in still like what the models were trained on; has data/ changed?

Either answer can start a retrain run, where a server is there to start one.
"""

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, cast

from prefect import flow, get_client, get_run_logger
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.states import Completed

from flows import page
from flows.asking import ask, with_name
from flows.commands import LastingFault, PassingFault, fault, run
from flows.faults import Faults
from flows.here import in_one_line, run_here
from flows.worktree import Place
from symptomeme.domain.params import read_params
from symptomeme.lifecycle.lock_file import mend_lock_file

RETRAIN = "retrain/weekly"
UNDER_WAY = (StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING)  # one that waits for a person lets others run
MINUTES = 60.0
ALARM = 3  # exit code


@flow(name="monitor")
@in_one_line
def monitor(
    tasks: list[str] | None = None, memes: str | None = None, trigger: bool = True, hours_a_step: float = 6
) -> State[None]:
    """Compare what came in with what each champion was trained on; on an alarm, retrain.

    Args:
        tasks: these alone; none: all in params.yaml.
        memes: new ones to look at, a folder or a table; none: those that were imported last.
        trigger: whether an alarm starts a retrain run.
        hours_a_step: what takes longer is ended.

    Returns:
        A state named Alarm, with the tasks, or Completed.

    Raises:
        LastingFault: tasks could not be compared; the message names each, and what was done of the others' alarms.
    """
    here = Place(Path.cwd(), {}, is_own=False)
    alarmed, faults = [], Faults()
    for task in tasks or list(read_params().tasks):
        given = ["--memes", memes] if memes else []
        with faults.of(f"monitor {task}"):
            answer = with_name(ask, f"monitor {task}")(
                "monitor", "--task", task, *given, place=here, hours=hours_a_step
            )
            page.show_decision(task, answer, kind="monitor")
            if answer.get("alarm"):
                alarmed.append(task)
    told = f"alarm: {', '.join(alarmed)}" if alarmed else "no alarm"
    if alarmed and trigger:
        told = f"{told}; {start_retrain(tasks=alarmed)}"
    if faults.told and alarmed:
        raise LastingFault("; ".join([*faults.told, told]))
    faults.tell()
    return Completed(name="Alarm" if alarmed else None, message=told)


@flow(name="data-check")
@in_one_line
def data_check() -> State[None]:
    """Retrain when data/ is not what data.dvc says; DVC looks at times and sizes, so that this costs a second.

    Raises:
        LastingFault: DVC cannot look, and will not be able to the next time.
    """
    here = Path.cwd()
    look = partial(run, "dvc", "status", "--json", "data.dvc", cwd=here, say=get_run_logger().warning, keep=True)
    done = look(seconds=10 * MINUTES)
    if done.code and mend_lock_file(here):
        done = look(seconds=10 * MINUTES)
    if done.code:
        if isinstance(fault(done), PassingFault):
            return Completed(name="Busy", message="DVC could not look; the next check will")
        told = " ".join(" ".join(done.lines).split())[:300]
        raise LastingFault(f"DVC cannot look at data.dvc: {told}")
    if done.kept.strip() in ("", "{}"):
        return Completed(message="data/ is as it was")
    return Completed(name="Changed", message=f"data/ has changed; {start_retrain(tasks=None)}")


def start_retrain(*, tasks: list[str] | None) -> str:
    """Start a retrain run, unless one of these tasks (none: of all) runs or is about to; what was done, in words.

    Raises:
        LastingFault: the server has no such deployment.
    """
    with get_client(sync_client=True) as client:
        flow_name, name = RETRAIN.split("/")
        waiting = client.read_flow_runs(
            deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=[name])),
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(UNDER_WAY))),
            ),
        )
    soon = [
        found.name
        for found in waiting
        if (not found.auto_scheduled or found.state_type != StateType.SCHEDULED) and _covers(found.parameters, tasks)
    ]
    if soon:
        return f"{flow_name} is under way already: {soon[0]}"
    parameters = {"tasks": tasks} if tasks else {}
    try:
        started = cast(FlowRun, run_deployment(RETRAIN, parameters=parameters, timeout=0, as_subflow=False))
    except ObjectNotFound:
        raise LastingFault(f"Prefect's server has no deployment {RETRAIN}: 'make server' makes it.") from None
    return f"started {flow_name}: {started.name}"


def _covers(parameters: Mapping[str, Any], tasks: list[str] | None) -> bool:
    """Whether a run with these parameters retrains these tasks, with the params that there are."""
    theirs = parameters.get("tasks")
    of_all = not theirs or (tasks is not None and set(tasks) <= set(theirs))
    return of_all and not parameters.get("overrides") and not parameters.get("variants")


def main(argv: list[str] | None = None) -> int:
    """Run it here and now; 3 on an alarm."""
    parser = argparse.ArgumentParser(prog="python -m flows.monitor", description="has what comes in drifted?")
    parser.add_argument("--tasks", nargs="+")
    parser.add_argument("--memes", metavar="FOLDER_OR_PARQUET")
    parser.add_argument("--trigger", action="store_true", help="let an alarm start a retrain run on the server")
    given = vars(parser.parse_args(argv))
    code, state = run_here("monitor", lambda: monitor(**given, return_state=True))
    if state is None or code:
        return code
    print(state.message)
    return ALARM if state.name == "Alarm" else 0


if __name__ == "__main__":
    raise SystemExit(main())
