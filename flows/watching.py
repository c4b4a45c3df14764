"""`python -m flows.watching`: let Prefect say Crashed of a run whose process is gone.

A run whose worker was killed has nobody left to tell of its end: it would stay Running, and a retrain run that stays
Running keeps every later alarm from starting one. Prefect's own means: runs send heartbeats, and an automation looks
for those that no longer do (Prefect's documentation, "Detect zombie flows").
"""

from datetime import timedelta

from prefect import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.settings import get_current_settings

NAME = "crashed runs"
HEARTBEAT = "prefect.flow-run.heartbeat"
ENDS = ("Completed", "Failed", "Cancelled", "Crashed", "Alarm", "Changed", "Busy")  # names of states, ours too
MISSED = 3  # heartbeats in a row
MESSAGE = "Its process is gone: no heartbeat any more."


def automation(seconds: int) -> AutomationCore:
    """What calls a run crashed that has been silent for three heartbeats, and has not ended.

    Args:
        seconds: between two heartbeats, as every worker must have it.
    """
    return AutomationCore(
        name=NAME,
        description="A run whose process is gone is called crashed.",
        trigger=EventTrigger(
            after={HEARTBEAT},
            expect={HEARTBEAT, *(f"prefect.flow-run.{end}" for end in ENDS)},
            match={"prefect.resource.id": "prefect.flow-run.*"},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(seconds=MISSED * seconds),
        ),
        actions=[ChangeFlowRunState(name="Crashed", state=StateType.CRASHED, message=MESSAGE, force=False)],
    )


def main() -> None:
    """Make the automation on the server that PREFECT_API_URL names, in the place of an earlier one."""
    wanted = automation(get_current_settings().flows.heartbeat_frequency or 0)
    with get_client(sync_client=True) as client:
        for found in client.read_automations_by_name(NAME):
            client.delete_automation(found.id)
        client.create_automation(wanted)


if __name__ == "__main__":
    main()
