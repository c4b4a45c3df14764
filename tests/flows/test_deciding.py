"""A person is asked on a run's page; what they saw is promoted, and others may write while they think."""

import contextvars
import json
import os
import re
import threading
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import StateType
from prefect.flow_runs import resume_flow_run
from prefect.runtime import flow_run
from promotion_project import NAME, SHUFFLED, TRAINED, UNTRAINED, offer, registry, template
from running import PATIENCE

from flows import asking, deciding, retrain
from flows.commands import LastingFault
from flows.turn import Turn
from flows.worktree import Place
from symptomeme.cli.main import main
from symptomeme.domain.errors import InputError
from symptomeme.domain.layout import PROMOTIONS
from symptomeme.domain.locking import alone
from symptomeme.domain.writing import read_log
from symptomeme.lifecycle.registry import Registry

__all__ = ["offer", "registry", "template"]
pytestmark = pytest.mark.usefixtures("prefect")
Offer = Callable[..., None]


def is_taken() -> bool:
    try:
        with alone("retrain", patience=0):
            return False
    except InputError:
        return True


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "POLL", 1)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verbs run in this process: that they can run in their own is tested with the retrain flow."""

    def verb(*words: str, **_: Any) -> dict[str, Any]:
        with redirect_stdout(StringIO()) as told:
            main([*words, "--json"])
        return dict(json.loads(told.getvalue()))

    monkeypatch.setattr(asking, "verb", verb)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the turn was held while each verb ran."""
    seen: list[bool] = []
    real = asking.verb

    def look(*words: str, **given: Any) -> dict[str, Any]:
        seen.append(is_taken())
        return real(*words, **given)

    monkeypatch.setattr(asking, "verb", look)
    return seen


def somebody(run_id: str, answer: bool, meanwhile: Callable[[], None]) -> None:
    """Wait until the run is paused, do something, and answer as its page does."""
    with get_client(sync_client=True) as client:
        until = time.monotonic() + PATIENCE
        while not is_asked(client, run_id):
            assert time.monotonic() < until
            time.sleep(0.2)
    meanwhile()
    resume_flow_run(run_id, run_input={"promote": answer})


def is_asked(client: SyncPrefectClient, run_id: Any) -> bool:
    """Whether the run is paused and its question, which is saved after the pause, is there."""
    state = client.read_flow_run(run_id).state
    if state is None or state.type != StateType.PAUSED:
        return False
    keys = state.state_details.run_input_keyset or {}
    return bool(client.filter_flow_run_input(run_id, key_prefix=keys["schema"], limit=1, exclude_keys=set()))


def logged() -> dict[str, Any]:
    """The last row of the promotion log."""
    return dict(read_log(PROMOTIONS)[0][-1])


@flow
def asked(answer: bool, meanwhile: Callable[[], None]) -> None:
    context = contextvars.copy_context()
    person = threading.Thread(target=context.run, args=(somebody, flow_run.id, answer, meanwhile))
    person.start()
    with Turn(0) as turn:
        deciding._promote_if_agreed("depression", Place(Path.cwd(), {}, is_own=False), turn, hours=1)
    person.join()


def test_others_may_write_while_a_person_thinks_and_no_longer(
    registry: Registry, offer: Offer, taken: list[bool]
) -> None:
    paused: list[bool] = []
    offer(UNTRAINED, TRAINED)
    asked(True, lambda: paused.append(is_taken()))
    assert (paused, taken) == ([False], [True, True])
    assert registry.standing(NAME).aliases["champion"] == TRAINED
    assert (logged()["kind"], logged()["by"]) == ("gate", "a person on Prefect's page")


def test_what_nobody_saw_is_not_promoted(registry: Registry, offer: Offer, taken: list[bool]) -> None:
    offer(UNTRAINED, TRAINED)
    asked(True, lambda: registry.point(NAME, "challenger", SHUFFLED))
    assert len(taken) == 3
    assert registry.standing(NAME).aliases["champion"] == UNTRAINED
    decisions = [(row["kind"], row["to"]) for row in read_log(PROMOTIONS)[0] if row["kind"] not in ("intent", "manual")]
    assert decisions[-2:] == [("dry_run", TRAINED), ("dry_run", SHUFFLED)]


def test_a_no_is_logged_and_holds_for_runs_that_ask_nobody(registry: Registry, offer: Offer) -> None:
    offer(UNTRAINED, TRAINED)
    asked(False, lambda: None)
    row = logged()
    assert (row["kind"], row["to"], row["by"]) == ("declined", TRAINED, "a person on Prefect's page")

    @flow
    def weekly() -> None:
        deciding._promote("depression", place=Place(Path.cwd(), {}, is_own=False), hours=1)

    weekly()
    assert registry.standing(NAME).aliases["champion"] == UNTRAINED
    assert logged()["reason"] == "not met: not_declined"


def test_a_run_waits_for_another_one_and_then_takes_its_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    other = alone("retrain")
    other.__enter__()

    @flow
    def waiting() -> bool:
        timer = threading.Timer(2, other.__exit__, (None, None, None))
        timer.start()
        with Turn(5):
            return is_taken()

    assert waiting()
    assert not is_taken()
    own = rf"retrain is running already \(process {os.getpid()}, since \S+\); waiting for up to 5 minutes\."
    assert any(re.fullmatch(own, record.getMessage()) for record in caplog.records)


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch, registry: Registry, offer: Offer) -> None:
    monkeypatch.setattr(deciding, "PATIENCE", 1)
    offer(UNTRAINED, TRAINED)

    @flow
    def alone_with_it() -> None:
        with Turn(0) as turn:
            deciding._promote_if_agreed("depression", Place(Path.cwd(), {}, is_own=False), turn, hours=1)

    with pytest.raises(LastingFault, match=r"^depression: in 0 days nobody said on this run's page whether version 2"):
        alone_with_it()
    assert not is_taken()


def test_without_a_server_nobody_could_be_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(retrain, "PREFECT_API_URL", type("unset", (), {"value": staticmethod(lambda: None)}))
    assert retrain.main(["--ask-first"]) == 1
    assert capsys.readouterr().err == (
        "retrain: --ask-first: there is no server on whose page somebody could answer. "
        "Start one ('make server'), or leave that option out.\n"
    )


def test_one_tasks_fault_stops_neither_the_other_nor_packaging(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    done: list[str] = []

    def nobody_answered(name: str, _: Place, turn: Turn, **__: Any) -> None:
        assert is_taken()
        with turn.given_up():
            done.append(name)
            if name == "anxiety":
                raise LastingFault("nobody answered")

    def verb(*words: str, **_: Any) -> dict[str, Any]:
        assert is_taken()
        done.append(words[0])
        raise LastingFault("no room")

    monkeypatch.setattr(deciding, "_promote_if_agreed", nobody_answered)
    monkeypatch.setattr(asking, "verb", verb)

    @flow
    def both() -> None:
        with Turn(0) as turn:
            place = Place(Path.cwd(), {}, is_own=False)
            deciding.decide(["anxiety", "depression"], place, turn, ask_first=True, hours=1)

    with pytest.raises(LastingFault, match=r"^promote anxiety: nobody answered; package: no room$"):
        both()
    assert done == ["anxiety", "depression", "package"]
