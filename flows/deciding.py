"""What becomes of new models: the gate's decision, a person's where one is asked, and what is served then."""

from collections.abc import Mapping, Sequence
from typing import Any

from prefect import get_run_logger
from prefect.exceptions import FlowPauseTimeout
from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput

from flows import page
from flows.asking import ask, with_name
from flows.commands import LastingFault
from flows.faults import Faults
from flows.turn import Turn
from flows.worktree import Place

PATIENCE = 7 * 24 * 3600  # seconds that a paused run waits for somebody
POLL = 10  # seconds between two looks for an answer
SOMEBODY = ("--by", "a person on Prefect's page")  # Prefect's own server knows no users


class Approval(RunInput):
    """What a person is asked who has seen the gate's figures."""

    promote: bool = False


def decide(tasks: Sequence[str], place: Place, turn: Turn, *, ask_first: bool, hours: float) -> None:
    """Let the gate decide on each task's challenger, then package the champions; one task's fault stops no other.

    Raises:
        LastingFault: steps failed; the message names each with its reason.
    """
    faults = Faults()
    for name in tasks:
        with faults.of(f"promote {name}"):
            turn.resume()
            if ask_first:
                _promote_if_agreed(name, place, turn, hours=hours)
            else:
                _promote(name, place=place, hours=hours)
    with faults.of("package"):
        turn.resume()
        page.show_answer("package", "What is served", with_name(ask, "package")("package", place=place, hours=hours))
    faults.tell()


def _promote(name: str, *more: str, place: Place, hours: float) -> dict[str, Any]:
    """Let the gate decide and show what it says."""
    found = with_name(ask, f"promote {name}")(
        "promote", "--task", name, "--no-package", *more, place=place, hours=hours
    )
    page.show_decision(name, found)
    return found


def _promote_if_agreed(name: str, place: Place, turn: Turn, *, hours: float) -> None:
    """Judge, wait until somebody has said what they think of it, and promote what they saw and nothing else."""
    while True:
        judge = with_name(ask, f"judge {name}")
        shown = judge("promote", "--task", name, "--dry-run", place=place, hours=hours)
        page.show_decision(name, shown)
        if not shown["criteria"] or not all(criterion["passed"] for criterion in shown["criteria"]):
            return  # there is nothing to agree to
        with turn.given_up():
            agreed = _agreed(name, shown)
            if not agreed:  # no alias moves: it waits for no turn
                words = ("decline", shown["to"], "--task", name, *SOMEBODY)
                said = with_name(ask, f"decline {name}")(*words, place=place, hours=hours)
                page.show_decision(name, {**said, "criteria": shown["criteria"]})
        if not agreed:
            return
        found = _promote(name, "--if-challenger", shown["to"], *SOMEBODY, place=place, hours=hours)
        if found["to"] == shown["to"]:
            return
        get_run_logger().warning("%s: %s; it is judged and asked about anew", name, found["reason"])


def _agreed(name: str, shown: Mapping[str, Any]) -> bool:
    """What a person answers on the page of this run.

    Raises:
        LastingFault: nobody does.
    """
    question = (
        f"Promote version {shown['to']} of {shown['name']} (champion: {shown['from'] or 'none'})? "
        f"Its criteria are under Artifacts: {page.key('gate', name)}."
    )
    try:
        asked = Approval.with_initial_data(question)
        return pause_flow_run(wait_for_input=asked, timeout=PATIENCE, poll_interval=POLL).promote
    except FlowPauseTimeout:
        raise LastingFault(
            f"{name}: in {PATIENCE // 86400} days nobody said on this run's page whether version {shown['to']} "
            "is to be promoted. Run it again, and answer there."
        ) from None
