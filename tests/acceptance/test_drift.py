"""The monitor on the sample: silent on memes like those it knows, an alarm on others, and what an alarm starts."""

import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from living_server import Server, finished, run_now, serving, unscheduled
from monitor import ROWS, SEEDS, blurred, of_two_classes
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import StateType
from small_project import ROOT, run

from symptomeme.cli.main import main
from symptomeme.domain.labels import TASKS
from symptomeme.domain.layout import task_paths
from symptomeme.domain.records import MEME_ROWS, TEXT_ROWS, read_rows
from symptomeme.sample.make import make_sample

pytestmark = pytest.mark.acceptance

TASK = "anxiety"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample of one task, whose graph has run."""
    base = tmp_path_factory.mktemp("drift")
    place = base / "project"
    run("git", "clone", "--quiet", ROOT, place, cwd=base)
    for name in ("data.dvc", "dvc.lock"):  # of the finished sample
        (place / name).unlink()
    params = yaml.safe_load((place / "params.yaml").read_text())
    params["tasks"] = {TASK: params["tasks"][TASK]}
    (place / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    run("symptomeme", "fetch-weights", "sample", cwd=place)
    make_sample(base / "drawn")
    run("symptomeme", "import-data", TASK, base / "drawn" / TASK, cwd=place)
    run("dvc", "add", "--quiet", "data", cwd=place)
    run("dvc", "repro", "--quiet", cwd=place)
    return place


@pytest.fixture(autouse=True)
def here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture
def unseen(here: None) -> pd.DataFrame:
    """The memes of test, which the champion has never met, each once, with the words that were read in it."""
    memes, texts = read_rows(task_paths(TASK).valid, MEME_ROWS), read_rows(task_paths(TASK).texts, TEXT_ROWS)
    test = memes[memes.split == "test"].drop_duplicates("sha256")
    return test.merge(texts[["key", "text"]], on="key", validate="one_to_one")


def monitored(memes: pd.DataFrame, folder: Path) -> dict[str, Any]:
    """What `symptomeme monitor` says of these memes."""
    table = folder / "memes.parquet"
    memes[["key", "image"]].to_parquet(table)
    with redirect_stdout(StringIO()) as told:
        assert main(["monitor", "--task", TASK, "--memes", str(table), "--json"]) == 0
    found: dict[str, Any] = json.loads(told.getvalue())
    assert found["batches"]["memes"]["compared"], found["batches"]
    return found


def alarms(found: dict[str, Any]) -> set[str]:
    """The criteria that alarm."""
    names = {criterion["name"] for criterion in found["criteria"] if criterion["alarm"]}
    assert found["alarm"] == bool(names)
    return names


def test_memes_like_those_it_knows_raise_no_alarm(unseen: pd.DataFrame, tmp_path: Path) -> None:
    found = {seed: alarms(monitored(unseen.sample(ROWS, random_state=seed), tmp_path)) for seed in range(SEEDS)}
    assert found == {seed: set() for seed in range(SEEDS)}


def test_other_lengths_are_told_by_text_length(unseen: pd.DataFrame, tmp_path: Path) -> None:
    longest = unseen.assign(length=unseen.text.str.len()).nlargest(ROWS, "length")
    assert "text_length" in alarms(monitored(longest, tmp_path))


def test_another_mix_of_labels_is_told_by_label_scores_and_a_class_of_it(unseen: pd.DataFrame, tmp_path: Path) -> None:
    found = monitored(unseen[of_two_classes(unseen, TASKS[TASK])].head(ROWS), tmp_path)
    assert "label_scores" in alarms(found)
    (where,) = [criterion["where"] for criterion in found["criteria"] if criterion["name"] == "label_scores"]
    assert where in TASKS[TASK].labels


def test_blurred_pictures_are_told_by_ocr_confidence(unseen: pd.DataFrame, tmp_path: Path) -> None:
    assert "ocr_confidence" in alarms(monitored(blurred(unseen.sample(ROWS, random_state=0), tmp_path), tmp_path))


@pytest.fixture
def server(root: Path) -> Iterator[Server]:
    yield from serving(root)


def test_an_alarm_starts_a_retrain_run_that_ends_well(server: Server, unseen: pd.DataFrame, tmp_path: Path) -> None:
    table = tmp_path / "memes.parquet"
    blurred(unseen.sample(ROWS, random_state=0), tmp_path)[["key", "image"]].to_parquet(table)
    with get_client(sync_client=True) as client:
        found = finished(client, run_now(client, "monitor/daily", memes=str(table)))
        (started,) = unscheduled(client, "weekly")
        assert found.state is not None
        told = (found.state.name, found.state.message)
        assert told == ("Alarm", f"alarm: {TASK}; started retrain: {started.name}")
        assert started.parameters["tasks"] == [TASK]
        ended = finished(client, started.id)
        assert ended.state_type == StateType.COMPLETED, ended.state
        tasks = client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[started.id])))
    done = {task.name.rsplit("-", 1)[0] for task in tasks}
    assert {"data.dvc", f"train@{TASK}-fusion", f"register@{TASK}", f"promote {TASK}", "package"} <= done
    assert (server.root / "state/live.json").is_file()
