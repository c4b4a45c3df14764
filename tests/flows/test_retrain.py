"""The stages of the small project as tasks of real runs, reported to a real server."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
import yaml
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import State, TaskRun
from prefect.settings import PREFECT_API_URL
from running import PATIENCE, at_work
from small_project import environment, run

from flows import asking, retrain
from flows.commands import LastingFault, git
from flows.deploying import are_there
from flows.graph import Step, steps
from flows.turn import Turn
from flows.worktree import Place, place_for
from symptomeme.domain.locking import alone

pytestmark = pytest.mark.usefixtures("prefect")


@flow
def stages_alone(only: str | None = None) -> None:
    """What retrain does before it asks the verbs, or of it one stage whose needs are up to date."""
    with Turn(0):
        place = Place(Path.cwd(), {}, is_own=False)
        graph = steps(place.root, tasks=None, variants=None)
        if only:
            graph = [step._replace(after=()) for step in graph if step.name == only]
        retrain.run_graph(graph, place, force=False, hours=1)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "BACK_OFF", 0.1)


def ended(**given: str) -> tuple[State[None], dict[str, TaskRun]]:
    """How a run ended, and its tasks."""
    state: State[None] = stages_alone(**given, return_state=True)
    return state, tasks_of(state)


def tasks_of(state: State[None]) -> dict[str, TaskRun]:
    with get_client(sync_client=True) as client:
        run_id = state.state_details.flow_run_id
        assert run_id is not None
        tasks = client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run_id])))
    return {task.name.rsplit("-", 1)[0]: task for task in tasks}


def change(root: Path, section: str, **values: object) -> None:
    params = yaml.safe_load((root / "params.yaml").read_text())
    params[section].update(values)
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))


def test_every_node_of_the_graph_is_a_task_and_nothing_stale_is_left(place: Path) -> None:
    state, tasks = ended()
    assert state.is_completed(), state.message
    assert set(tasks) == {step.name for step in steps(place, tasks=None, variants=None)}
    assert json.loads(run("dvc", "status", "--json", cwd=place)) == {}


def test_what_a_stage_told_is_not_tried_again_and_nothing_behind_it_runs(place: Path) -> None:
    change(place, "validate", max_bad_share=0.0, min_side=4000)
    state, tasks = ended()
    with pytest.raises(LastingFault, match=r"^validate@depression: symptomeme validate: ") as error:
        state.result()
    assert "\n" not in str(error.value)
    assert tasks["validate@depression"].run_count == 1
    assert tasks["ocr@depression"].state_name == "NotReady"


def test_a_locked_registry_is_tried_again(place: Path) -> None:
    (place / "artifacts/depression/registered.json").unlink()
    with sqlite3.connect(place / "mlruns.db", check_same_thread=False) as other:
        other.execute("BEGIN EXCLUSIVE")
        lines: list[str] = []
        free = threading.Event()
        spoken = retrain.checked

        def first_locked(*words: str, **told: object) -> None:
            try:
                spoken(*words, **told)  # type: ignore[arg-type]
            except Exception as error:
                lines.append(str(error))
                other.rollback()
                free.set()
                raise

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(retrain, "checked", first_locked)
            state, tasks = ended(only="register@depression")
    assert state.is_completed(), state.message
    assert tasks["register@depression"].run_count == 2
    assert len(lines) == 1
    assert "locked" in lines[0]


def test_a_step_that_fails_three_times_is_told_in_one_line_and_nothing_is_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program, this one, holds what the first of two stages is to write for as long as it lives."""
    monkeypatch.chdir(tmp_path)
    run("git", "init", "--quiet", cwd=tmp_path)
    run("dvc", "init", "--quiet", cwd=tmp_path)
    stages = {
        "first": {"cmd": "echo 1 > first", "outs": ["first"]},
        "second": {"cmd": "cp first second", "deps": ["first"], "outs": ["second"]},
    }
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    held = {"read": {}, "write": {str(tmp_path / "first"): {"pid": os.getpid(), "cmd": "another"}}}
    (tmp_path / ".dvc/tmp/rwlock").write_text(json.dumps(held))
    monkeypatch.setattr(retrain, "decide", lambda *_, **__: pytest.fail("decided"))
    state: State[None] = retrain.retrain(wait_minutes=0, return_state=True)
    assert state.is_failed()
    told = r"first: failed to reproduce 'first': '.*first' is busy, it is being blocked by:"
    assert re.fullmatch(told, str(state.message))
    tasks = tasks_of(state)
    assert (tasks["first"].run_count, tasks["second"].state_name) == (3, "NotReady")
    with alone("retrain", patience=0):  # it has let go
        pass


def test_a_second_run_is_refused_in_one_line(place: Path) -> None:
    with alone("retrain"), pytest.raises(LastingFault) as error:
        stages_alone()
    own = os.getpid()
    assert re.fullmatch(
        rf"retrain is running already \(process {own}, since \S+\)\. Wait until it has ended, or end it: kill {own}",
        str(error.value),
    )


def test_a_killed_run_leaves_nothing_and_the_next_one_ends_like_an_undisturbed_one(place: Path) -> None:
    before, receipt = (place / "dvc.lock").read_text(), place / "artifacts/depression/registered.json"
    undisturbed = receipt.read_text()
    receipt.unlink()
    variables = {
        **environment(),
        "PREFECT_API_URL": PREFECT_API_URL.value(),
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
    }
    code = "import test_retrain; test_retrain.stages_alone('register@depression')"
    with subprocess.Popen([sys.executable, "-c", code], cwd=place, env=variables) as process:
        processes = at_work(process.pid, ["register"]).processes
        process.kill()
        assert psutil.wait_procs(processes, PATIENCE)[1] == []
    assert not receipt.exists()
    (place / "dvc.lock").write_text("")  # as a DVC that was killed while it wrote leaves it
    state, _ = ended()
    assert state.is_completed(), state.message
    assert (receipt.read_text(), (place / "dvc.lock").read_text()) == (undisturbed, before)


def test_other_params_run_in_a_work_tree_of_their_own(place: Path) -> None:
    before = {name: (place / name).read_bytes() for name in ("params.yaml", "dvc.lock")}
    with (place / "src/symptomeme/__init__.py").open("a") as file:
        file.write("# changed, not committed\n")
    said: list[str] = []
    registry = f"sqlite:///{place / 'mlruns.db'}"
    with place_for(place, ["evaluate.resamples=30"], registry=registry, say=said.append) as other:
        assert git("rev-parse", "HEAD", cwd=other.root) == git("rev-parse", "HEAD", cwd=place)
        changed = {line[3:] for line in git("status", "--porcelain", cwd=other.root).splitlines()}
        assert changed == {"params.yaml", "src/symptomeme/__init__.py"}
        assert yaml.safe_load((other.root / "params.yaml").read_text())["evaluate"]["resamples"] == 30
        status = json.loads(run("dvc", "status", "--json", cwd=other.root))
        assert {name.split("@")[0] for name in status} == {"evaluate", "register"}
        tree = other.root
    assert not tree.exists()
    assert {name: (place / name).read_bytes() for name in before} == before
    with (
        pytest.raises(LastingFault, match=r"^overrides: "),
        place_for(place, ["evaluate.nothing=1"], registry=registry, say=said.append),
    ):
        pytest.fail("a key that is not there")


def test_register_wants_what_the_run_leaves_out_to_be_up_to_date(tmp_path: Path) -> None:
    run("git", "init", "--quiet", cwd=tmp_path)
    run("dvc", "init", "--quiet", cwd=tmp_path)
    (tmp_path / "given").write_text("1")
    stages = {"evaluate": {"cmd": "cp given made", "deps": ["given"], "outs": ["made"]}}
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    run("dvc", "repro", "--quiet", cwd=tmp_path)
    step, there = Step("register", None, None, None, (), left_out=("evaluate",)), Place(tmp_path, {}, is_own=False)
    retrain._check_left_out(step, there, print)
    (tmp_path / "given").write_text("2")
    with pytest.raises(LastingFault, match=r"^register takes all variants of params.yaml, and evaluate is out"):
        retrain._check_left_out(step, there, print)


def test_a_server_whose_database_is_new_is_deployed_to_again() -> None:
    assert not are_there()
    with get_client(sync_client=True) as client:
        client.create_deployment(client.create_flow_from_name("made-up"), "one")
    assert are_there()
