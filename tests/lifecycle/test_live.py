import logging
import os
import socket
from pathlib import Path
from threading import Event, Thread, current_thread

import pytest
from mlflow import MlflowClient

from symptomeme.cli.main import ENVIRONMENT
from symptomeme.lifecycle import live
from symptomeme.lifecycle.live import EXPERIMENT, live_curves

ROWS = [{"epoch": 1, "train_loss": 2.0, "score": 0.1}, {"epoch": 2, "train_loss": 1.5, "score": 0.2}]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('live')}/live.db"


@pytest.fixture
def on(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(live, "PATIENCE", 300)  # a busy machine takes its time
    monkeypatch.setenv("SYMPTOMEME_LIVE_CURVES", "1")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", database)
    # a registry that another test has opened in this process stays MLflow's own choice, over the variable
    monkeypatch.setattr("mlflow.tracking._tracking_service.utils._tracking_uri", None)
    retries = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
    monkeypatch.setenv(retries, ENVIRONMENT[retries])  # as in a command


@pytest.mark.usefixtures("on")
def test_each_epoch_is_sent_and_a_resumed_run_goes_on(database: str) -> None:
    for rows in (ROWS[:1], ROWS[1:]):
        with live_curves("anxiety-fusion", checkpoint="abc") as on_epoch:
            assert on_epoch is not None
            for row in rows:
                on_epoch(row)
    with live_curves("anxiety-fusion", checkpoint="def"):
        pass
    client = MlflowClient(database)
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    other, run = client.search_runs([experiment], order_by=["attributes.start_time DESC"])
    assert (run.info.run_name, run.info.status, other.data.metrics) == ("anxiety-fusion", "FINISHED", {})
    history = client.get_metric_history(run.info.run_id, "train_loss")
    assert [(point.step, point.value) for point in history] == [(1, 2.0), (2, 1.5)]
    assert set(run.data.metrics) == {"train_loss", "score"}


def test_off_there_is_nothing_to_hand_rows_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SYMPTOMEME_LIVE_CURVES", raising=False)
    with live_curves("anxiety-fusion", checkpoint="abc") as on_epoch:
        assert on_epoch is None


@pytest.mark.usefixtures("on")
@pytest.mark.parametrize("server", ["http://name:secret@127.0.0.1:9", "nonsense://x", None])
def test_a_server_that_fails_is_one_warning(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    server: str | None,
) -> None:
    if server is None:
        monkeypatch.delenv("MLFLOW_TRACKING_URI")
    else:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    with caplog.at_level(logging.WARNING), live_curves("anxiety-fusion", checkpoint="abc") as on_epoch:
        assert on_epoch is not None
        for row in ROWS:
            on_epoch(row)
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 1, told
    assert told[0].startswith("no live curves (")
    assert told[0].endswith("; training goes on without.")
    assert "\n" not in told[0]
    assert "secret" not in told[0]
    assert capfd.readouterr().out == ""


@pytest.mark.usefixtures("on")
def test_a_server_that_never_answers_is_asked_once_and_one_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(live.LIMITS, "MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    before = dict(os.environ)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with caplog.at_level(logging.WARNING), live_curves("anxiety-fusion", checkpoint="abc") as on_epoch:
            assert on_epoch is not None
            on_epoch(ROWS[0])
        silent.accept()[0].close()
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):
            silent.accept()
    assert [record.getMessage().split("(")[0] for record in caplog.records] == ["no live curves "]
    assert {name: os.environ.get(name) for name in live.LIMITS} == {name: before.get(name) for name in live.LIMITS}


@pytest.mark.usefixtures("on")
def test_a_server_that_hangs_holds_nothing_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked, over = Event(), Event()
    senders: list[Thread] = []

    def hang(*_: str) -> None:
        senders.append(current_thread())
        asked.set()
        over.wait()
        raise RuntimeError("too late")

    monkeypatch.setattr(live, "_begin", hang)
    monkeypatch.setattr(live, "PATIENCE", 0.01)
    with caplog.at_level(logging.WARNING), live_curves("anxiety-fusion", checkpoint="abc") as on_epoch:
        assert on_epoch is not None
        on_epoch(ROWS[0])
        assert asked.wait(60)
    over.set()
    senders[0].join()
    told = [record.getMessage() for record in caplog.records]
    assert told == ["live curves are not whole: 0.01 seconds after training not all was sent."]
