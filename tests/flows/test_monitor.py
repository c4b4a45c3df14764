"""One task's fault loses nothing of the others; what an alarm, or changed data, starts, and what keeps it from that."""

from typing import Any

import pytest

from flows import monitor as monitoring
from flows import page
from flows.asking import ask
from flows.commands import LastingFault
from flows.monitor import monitor

Answers = dict[str, Any]


class Asked:
    """In place of a task of Prefect's: answers, or fails, by the words it is asked with."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers

    def __call__(self, *words: str, **_: Any) -> Any:
        found = self.answers[words[words.index("--task") + 1]]
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The tasks of each retrain run that was asked for."""
    found: list[Any] = []

    def start(*, tasks: list[str] | None) -> str:
        found.append(tasks)
        return "started"

    monkeypatch.setattr(monitoring, "start_retrain", start)
    monkeypatch.setattr(page, "show_decision", lambda *_, **__: None)
    return found


def answering(monkeypatch: pytest.MonkeyPatch, **answers: Any) -> None:
    monkeypatch.setattr(monitoring, "with_name", lambda work, _: Asked(answers) if work is ask else work)


def test_one_tasks_fault_does_not_lose_the_others_alarm(monkeypatch: pytest.MonkeyPatch, started: list[Any]) -> None:
    answering(monkeypatch, anxiety=LastingFault("no champion"), depression={"alarm": True})
    state = monitor.fn(tasks=["anxiety", "depression"])
    assert state.is_failed()
    assert state.message == "monitor anxiety: no champion; alarm: depression; started"
    assert started == [["depression"]]


def test_faults_without_an_alarm_are_told_in_one_line(monkeypatch: pytest.MonkeyPatch, started: list[Any]) -> None:
    answering(monkeypatch, anxiety=LastingFault("no champion"), depression=LastingFault("no reference"))
    assert monitor.fn(tasks=["anxiety", "depression"]).message == (
        "monitor anxiety: no champion; monitor depression: no reference"
    )
    answering(monkeypatch, depression={"alarm": False})
    assert monitor.fn(tasks=["depression"]).name == "Completed"
    assert started == []
