"""What becomes of one task when another one fails, and what starts a retrain run."""

import errno
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import flow
from small_project import ROOT, run

from flows import asking, deciding, monitor, page, server
from flows.commands import LastingFault
from flows.here import in_one_line
from flows.programs import ServerError
from flows.turn import Turn
from flows.worktree import Place
from symptomeme.domain.errors import ParamsError


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, prefect: None) -> list[tuple[str, ...]]:
    """The verbs that were asked; what is asked about anxiety fails."""
    asked: list[tuple[str, ...]] = []

    def verb(*words: str, **_: Any) -> dict[str, Any]:
        asked.append(words)
        if "anxiety" in words:
            raise LastingFault("its champion is gone")
        return {"alarm": True}

    monkeypatch.setattr(asking, "verb", verb)
    for shown in ("show_decision", "show_answer"):
        monkeypatch.setattr(page, shown, lambda *_, **__: None)
    return asked


def test_an_alarm_starts_its_run_though_another_task_cannot_be_looked_at(
    said: list[tuple[str, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str] | None] = []
    monkeypatch.setattr(monitor, "start_retrain", lambda *, tasks: started.append(tasks) or "started")
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    state = monitor.monitor(return_state=True)
    assert started == [["depression"]]
    assert state.is_failed()
    assert state.message == "monitor anxiety: its champion is gone; alarm: depression; started"


@pytest.mark.usefixtures("prefect")
def test_the_gate_judges_one_task_though_it_cannot_judge_another(
    said: list[tuple[str, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    @flow
    def decided() -> None:
        with Turn(0) as turn:
            deciding.decide(
                ["anxiety", "depression"], Place(tmp_path, {}, is_own=False), turn, ask_first=False, hours=1
            )

    with pytest.raises(LastingFault, match=r"^promote anxiety: its champion is gone$"):
        decided()
    assert [words[0] for words in said] == ["promote", "promote", "package"]
    assert all("--no-package" in words for words in said if words[0] == "promote")  # the page would show another answer


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect: None) -> Path:
    """A repository with data and a graph, both as they were."""
    for command in (["git", "init", "--quiet"], ["dvc", "init", "--quiet"]):
        run(*command, cwd=tmp_path)
    (tmp_path / "data").write_text("1")
    stages = {"first": {"cmd": "cp data first", "deps": ["data"], "outs": ["first"]}}
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    run("dvc", "add", "--quiet", "data", cwd=tmp_path)
    run("dvc", "repro", "--quiet", cwd=tmp_path)
    run("git", "add", "--all", cwd=tmp_path)
    run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "all", cwd=tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_lock_file_that_was_cut_off_keeps_nobody_from_looking(watched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "start_retrain", lambda *, tasks: f"started {tasks}")
    (watched / "dvc.lock").write_text("schema: '2.0'\nstages:\n  fir")
    assert monitor.data_check(return_state=True).message == "data/ is as it was"
    (watched / "data").write_text("2")
    assert monitor.data_check(return_state=True).message == "data/ has changed; started None"
    (watched / "data.dvc").write_text("outs: [")
    state = monitor.data_check(return_state=True)
    assert state.is_failed()
    assert "data.dvc" in str(state.message)


@pytest.mark.parametrize(
    ("theirs", "wanted", "covered"),
    [
        ({}, ["anxiety"], True),
        ({}, None, True),
        ({"tasks": ["anxiety"]}, ["anxiety"], True),
        ({"tasks": ["anxiety"]}, ["depression"], False),
        ({"tasks": ["anxiety"]}, None, False),
        ({"overrides": ["train.epochs=1"]}, None, False),
        ({"variants": ["fusion"]}, ["anxiety"], False),
    ],
)
def test_a_run_that_does_other_things_keeps_none_from_starting(
    theirs: dict[str, Any], wanted: list[str] | None, covered: bool
) -> None:
    assert monitor._covers(theirs, wanted) == covered


@pytest.mark.usefixtures("prefect")
def test_without_its_deployment_no_run_starts_and_that_is_told() -> None:
    with pytest.raises(LastingFault, match=r"^Prefect's server has no deployment retrain/weekly: "):
        monitor.start_retrain(tasks=["anxiety"])


@pytest.mark.parametrize("error", [ParamsError("two\nlines"), OSError(errno.ENOSPC, "No space", "two\nlines")])
def test_whatever_keeps_a_run_from_going_on_is_one_line(error: Exception) -> None:
    @in_one_line
    def fails() -> None:
        raise error

    state: Any = fails()
    assert state.is_failed()
    assert "two" in state.message
    assert "\n" not in state.message


def test_a_port_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMPTOMEME_MLFLOW_PORT", "abc")
    with pytest.raises(ServerError, match="SYMPTOMEME_MLFLOW_PORT is 'abc': a port is a number from 1 to 65535"):
        server._port("SYMPTOMEME_MLFLOW_PORT", "5000")
