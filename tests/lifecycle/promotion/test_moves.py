"""What happens to the aliases when things go wrong: there is a champion at every moment, and the log tells of it."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from promotion_project import NAME, SHUFFLED, TRAINED, UNTRAINED, locked_database

from symptomeme.cli.main import main
from symptomeme.domain.errors import InputError
from symptomeme.domain.layout import PROMOTIONS
from symptomeme.domain.writing import append_jsonl, read_log
from symptomeme.lifecycle import journal
from symptomeme.lifecycle.journal import held
from symptomeme.lifecycle.moves import move, settle
from symptomeme.lifecycle.registry import Registry

Offer, Run = Callable[..., None], Callable[..., Any]
BEFORE = {"champion": UNTRAINED, "challenger": TRAINED}
AFTER = {"champion": TRAINED, "challenger": TRAINED, "previous": UNTRAINED}


def aliases(registry: Registry) -> dict[str, str]:
    return registry.standing(NAME).aliases


def last() -> dict[str, Any]:
    return read_log(PROMOTIONS)[0][-1]


def promote(registry: Registry) -> None:
    """The moves of a promotion, without the gate."""
    with held(NAME):
        journal = settle(registry, "depression", NAME)
        changes = {"previous": UNTRAINED, "champion": TRAINED}
        move(registry, journal, changes, kind="gate", came_from=UNTRAINED, to=TRAINED, reason="all criteria are met")


def interrupted(registry: Registry, monkeypatch: pytest.MonkeyPatch, *, at: int) -> None:
    """Promote, and be ended before the alias of this number is set; look for a champion before and after each."""
    real, calls = registry.client.set_registered_model_alias, iter(range(at))

    def stop(*arguments: Any) -> None:
        assert "champion" in aliases(registry)
        if next(calls, None) is None:
            raise KeyboardInterrupt
        real(*arguments)
        assert "champion" in aliases(registry)

    with monkeypatch.context() as patch:
        patch.setattr(registry.client, "set_registered_model_alias", stop)
        with pytest.raises(KeyboardInterrupt):
            promote(registry)


@pytest.mark.parametrize("at", [0, 1])
def test_an_interrupted_promotion_is_completed_by_the_next_command(
    registry: Registry, offer: Offer, run: Run, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    offer(UNTRAINED, TRAINED)
    interrupted(registry, monkeypatch, at=at)
    assert aliases(registry)["champion"] == UNTRAINED
    assert last()["kind"] == "intent"
    run("models")
    assert aliases(registry) == AFTER
    assert (last()["kind"], last()["reason"]) == (
        "gate",
        "all criteria are met (interrupted; completed by the next command)",
    )
    lines = len(read_log(PROMOTIONS)[0])
    run("models")
    assert len(read_log(PROMOTIONS)[0]) == lines


def test_a_promotion_whose_decision_was_not_written_is_only_logged(registry: Registry, offer: Offer, run: Run) -> None:
    offer(UNTRAINED, TRAINED)
    promote(registry)
    PROMOTIONS.write_bytes(PROMOTIONS.read_bytes()[:-40])  # the crash came while it wrote the last line
    assert "gate: champion 1 -> 2" in run("promotions")
    assert aliases(registry) == AFTER
    rows, torn = read_log(PROMOTIONS)
    assert [row["kind"] for row in rows if row["kind"] != "intent"] == ["first", "registered", "gate"]
    assert len(torn) == 1


def test_an_interrupted_promotion_is_undone_when_its_model_is_gone(
    registry: Registry, offer: Offer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(UNTRAINED, TRAINED)
    interrupted(registry, monkeypatch, at=1)
    registry.client.delete_model_version(NAME, TRAINED)
    assert "undone: champion 1 -> 1" in run("promotions")
    assert aliases(registry)["champion"] == UNTRAINED


def test_after_an_interruption_what_was_moved_by_hand_stays(
    registry: Registry, offer: Offer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(UNTRAINED, TRAINED)
    interrupted(registry, monkeypatch, at=1)
    registry.client.set_registered_model_alias(NAME, "champion", SHUFFLED)
    run("models")
    assert aliases(registry)["champion"] == SHUFFLED
    told = [(row["kind"], row["alias"], row["to"]) for row in read_log(PROMOTIONS)[0]][-3:]
    assert told == [("undone", "champion", "1"), ("manual", "previous", "1"), ("manual", "champion", "3")]


def test_a_log_without_a_decision_says_so(registry: Registry, run: Run) -> None:
    assert run("promotions", "--task", "depression") == f"{PROMOTIONS} tells of no decision on depression yet.\n"


def test_an_alias_that_was_moved_by_hand_is_logged_as_manual(registry: Registry, offer: Offer, run: Run) -> None:
    offer(UNTRAINED, TRAINED)
    registry.client.set_registered_model_alias(NAME, "champion", SHUFFLED)
    told = run("promotions", "--task", "depression").splitlines()[-1]
    assert " depression manual: champion 1 -> 3, by unknown: moved outside of this log" in told
    assert run("promotions").count(" manual: ") == 1
    assert run("promote", "--task", "depression", "--json", "--dry-run")["from"] == SHUFFLED


def test_a_champion_that_was_deleted_by_hand_is_replaced_by_a_model_that_stands_for_itself(
    registry: Registry, offer: Offer, run: Run
) -> None:
    offer(UNTRAINED, TRAINED)
    registry.client.delete_model_version(NAME, UNTRAINED)
    found = run("promote", "--task", "depression", "--json")
    assert (found["promoted"], found["from"], found["to"]) == (True, None, TRAINED)
    assert "macro_f1" not in [criterion["name"] for criterion in found["criteria"]]
    kinds = [(row["kind"], row["to"]) for row in read_log(PROMOTIONS)[0] if row["kind"] != "intent"]
    assert kinds == [("first", "1"), ("registered", "2"), ("manual", None), ("gate", "2")]
    assert aliases(registry) == {"champion": TRAINED, "challenger": TRAINED}


def test_a_champion_that_points_nowhere_can_be_rolled_back(registry: Registry, offer: Offer, run: Run) -> None:
    offer(UNTRAINED, TRAINED)
    promote(registry)
    with sqlite3.connect("mlruns.db") as database:
        database.execute("update registered_model_aliases set version = 99 where alias = 'champion'")
    database.close()
    found = run("rollback", "--task", "depression", "--json")
    assert (found["from"], found["to"]) == (None, UNTRAINED)
    assert aliases(registry)["champion"] == UNTRAINED
    assert "champion points nowhere" in run("promotions")


def test_without_a_previous_champion_there_is_no_way_back(offer: Offer, capsys: pytest.CaptureFixture[str]) -> None:
    offer(UNTRAINED)
    assert main(["rollback", "--task", "depression"]) == 1
    assert "has no previous champion to go back to" in capsys.readouterr().err


def test_a_locked_database_is_told_in_one_line_and_the_next_command_goes_on(
    registry: Registry, offer: Offer, capfd: pytest.CaptureFixture[str]
) -> None:
    offer(UNTRAINED, TRAINED)
    promote(registry)
    capfd.readouterr()
    with locked_database("immediate"):
        assert main(["rollback", "--task", "depression"]) == 1
    told = capfd.readouterr().err
    assert told == (
        "symptomeme rollback: MLflow: its database is locked by another process. Let that end, then run it again.\n"
    )
    assert aliases(registry) == AFTER
    assert main(["models"]) == 0
    assert (last()["kind"], aliases(registry)["champion"]) == ("rollback", UNTRAINED)


def test_a_torn_line_is_told_and_the_log_goes_on(offer: Offer, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    offer(UNTRAINED)
    with PROMOTIONS.open("ab") as log:
        log.write(b'{"at": "2026-')
    assert main(["models"]) == 0
    assert "state/promotions.jsonl:3 is not whole: a crash cut it off." in capsys.readouterr().err
    append_jsonl(PROMOTIONS, {"kind": "intent"})
    rows, torn = read_log(PROMOTIONS)
    assert (rows[-1], torn) == ({"kind": "intent"}, [3])


def test_a_registry_made_anew_begins_anew(registry: Registry, offer: Offer, run: Run) -> None:
    offer(UNTRAINED, TRAINED)
    with sqlite3.connect("mlruns.db") as database:  # as if it had been registered at another time
        database.execute("update registered_models set creation_time = creation_time + 1")
        database.execute("delete from registered_model_aliases")
    database.close()
    run("models")
    assert [row["kind"] for row in read_log(PROMOTIONS)[0] if row["kind"] != "intent"] == ["first", "registered"]


def test_who_holds_the_aliases_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(journal, "PATIENCE", 0)
    told = rf"^aliases@{NAME} is running already \(process {os.getpid()}, since 20.+\)\. Wait until it has ended, or"
    with held(NAME), held("another"), pytest.raises(InputError, match=told), held(NAME):
        pytest.fail("two at a time")


def test_the_log_is_told_though_the_aliases_are_held(
    offer: Offer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    offer(UNTRAINED)
    monkeypatch.setattr(journal, "PATIENCE", 0)
    capsys.readouterr()
    with held(NAME):
        assert main(["promotions"]) == 0
    out, err = capsys.readouterr()
    assert "depression first: champion none -> 1" in out
    assert err.startswith("symptomeme promotions: what stands in the log; it could not be compared: aliases@")
    assert err.count("\n") == 1
