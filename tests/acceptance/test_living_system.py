"""`make server` and its runs, with real servers, a real worker and real signals."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import yaml
from browser import PROGRAM, chromium
from living_project import living_project
from living_server import Server, finished, run_now, seen, serving, unscheduled
from PIL import Image
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.schedules import CronSchedule
from prefect_page import artifacts, deployment, press_run
from running import PATIENCE, at_work, at_work_in, runs, started_until
from small_project import environment, run
from standing import alias, live, watched

pytestmark = pytest.mark.acceptance

STAGES = ("ingest", "validate", "ocr", "reason", "prealign", "train", "evaluate", "register")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path) -> Path:
    """A project with all that `make server` needs, whose graph has not run yet."""
    return living_project(tmp_path_factory.mktemp("living"), text_folder, vision_folder)


@pytest.fixture(scope="module")
def undisturbed(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = shutil.copytree(fresh, tmp_path_factory.mktemp("undisturbed") / "project", symlinks=True)
    run("dvc", "repro", "--quiet", cwd=root)
    return root


@pytest.fixture
def server(undisturbed: Path, tmp_path: Path) -> Iterator[Server]:
    """One in a copy of the project whose graph has run."""
    yield from serving(shutil.copytree(undisturbed, tmp_path / "project", symlinks=True))


@pytest.mark.skipif(PROGRAM is None, reason="no Chromium in PATH; scripts/setup.sh --browser installs one where it may")
def test_run_pressed_on_the_page_ends_with_its_artifacts_there(server: Server) -> None:
    with chromium() as browser:
        page = press_run(deployment(browser, server.api.removesuffix("/api"), "weekly"))
        assert page.get_by_text("Completed", exact=True).count(), page.inner_text("body")
        shown = "\n".join(artifacts(page))
    for key in ("figures", "gate-depression", "links", "package", "data-dvc", "dvc-lock", "params-yaml"):
        assert key in shown
    for key in ("plots-depression-fusion", "plots-depression-text-only"):
        assert key in shown


def test_a_second_server_says_where_the_first_one_is_and_changes_nothing(server: Server) -> None:
    before = {process.pid for process in server.processes()}
    second = server.start(stdout=subprocess.PIPE)
    told, _ = second.communicate(timeout=PATIENCE)
    assert (second.returncode, told.split(":")[0]) == (0, "server")
    assert "is running already: http://127.0.0.1:" in told
    assert {process.pid for process in server.processes()} == before


def test_no_page_of_another_site_may_ask_prefect(server: Server) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    allowed = {
        origin: httpx.options(f"{server.api}/deployments/filter", headers={**asked, "origin": origin}).is_success
        for origin in (server.api.removesuffix("/api"), "http://elsewhere.example")
    }
    assert list(allowed.values()) == [True, False]


def test_a_schedule_fires_by_itself(server: Server) -> None:
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("data-check/quarter-hourly")
        client.create_deployment_schedules(deployment.id, [(CronSchedule(cron="* * * * *"), True)])
        named = DeploymentFilter(name=DeploymentFilterName(any_=["quarter-hourly"]))

        def fired() -> FlowRun | None:
            runs = client.read_flow_runs(deployment_filter=named)
            return next((each for each in runs if each.auto_scheduled and each.state_type == StateType.COMPLETED), None)

        assert seen(fired).state.message == "data/ is as it was"


def test_changed_data_starts_a_run(server: Server) -> None:
    (server.root / "data/restore/README.md").write_text("of no use, but new\n")
    with get_client(sync_client=True) as client:
        found = finished(client, run_now(client, "data-check/quarter-hourly"))
        assert found.state.name == "Changed"
        (started,) = unscheduled(client, "weekly")
        assert finished(client, started.id).state_type == StateType.COMPLETED
    assert json.loads(run("dvc", "status", "--json", "data.dvc", cwd=server.root)) == {}


def test_an_alarm_of_the_monitor_starts_a_run_of_the_tasks_that_alarmed(server: Server, tmp_path: Path) -> None:
    run("symptomeme", "promote", "--task", "depression", "--json", cwd=server.root)
    wordless = tmp_path / "wordless"
    wordless.mkdir()
    for grey in range(30):
        Image.new("RGB", (200, 200), (grey, grey, grey)).save(wordless / f"{grey}.png")
    with get_client(sync_client=True) as client:
        found = finished(client, run_now(client, "monitor/daily", memes=str(wordless)))
        (started,) = unscheduled(client, "weekly")
        assert (found.state.name, found.state.message) == (
            "Alarm",
            f"alarm: depression; started retrain: {started.name}",
        )
        assert started.parameters["tasks"] == ["depression"]
        assert finished(client, started.id).state_type == StateType.COMPLETED


def test_a_worker_killed_in_every_stage_is_replaced_and_its_runs_end_well(
    fresh: Path, undisturbed: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(fresh, tmp_path / "project", symlinks=True)
    for server in serving(root):
        with get_client(sync_client=True) as client:
            asked = []
            for stage in STAGES:
                asked.append(run_now(client, "retrain/weekly", force=True))
                runner = at_work(server.process.pid, {stage}).dvc.parents()[0]
                started = [runner, *runner.children(recursive=True)]
                server.worker().kill()
                # a run without its worker may go on to its end, or end with it: either way it does end
                assert psutil.wait_procs(started, PATIENCE)[1] == []
            # and Prefect is told so, or no alarm would ever start another
            ends = {finished(client, run_id).state_type for run_id in asked}
            assert ends <= {StateType.CRASHED, StateType.FAILED, StateType.COMPLETED}
            assert finished(client, run_now(client, "retrain/weekly")).state_type == StateType.COMPLETED
    assert digests(root) == digests(undisturbed)


@pytest.mark.parametrize("victim", ["run", "dvc", "stage"])
def test_what_is_killed_in_every_stage_writes_no_more_and_the_next_run_ends_like_an_undisturbed_one(
    fresh: Path, undisturbed: Path, tmp_path: Path, victim: str
) -> None:
    root = shutil.copytree(fresh, tmp_path / "project", symlinks=True)
    left = set(STAGES)
    while left:
        with retraining(root) as process:
            while left:
                found = at_work(process.pid, left)
                left.remove(found.name)
                {"run": process.kill, "dvc": found.dvc.kill, "stage": found.stage.kill}[victim]()
                if victim == "run":
                    assert psutil.wait_procs(found.processes, PATIENCE)[1] == []
                    break
            else:
                assert process.wait(PATIENCE) == 0  # each was tried again
    with retraining(root) as process:
        assert process.wait(PATIENCE) == 0
    assert digests(root) == digests(undisturbed)


@pytest.fixture
def challenged(undisturbed: Path, tmp_path: Path) -> Path:
    """A project whose champion is live; one that is smaller, which the gate takes for a gain, challenges it."""
    root = shutil.copytree(undisturbed, tmp_path / "project", symlinks=True)
    run("symptomeme", "package", cwd=root)
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["variants"] = {"text_only": params["variants"]["text_only"]}
    params["model"]["contrastive_size"] = 8
    bounds = {"not_worse": {"margin": 2.0, "smaller": 0.0, "faster": 1.0}}
    params["promote"] |= {**bounds, "max_class_drop": 1.0, "max_calibration_error": 1.0, "min_memes": 1}
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    run("dvc", "repro", "--quiet", cwd=root)
    return root


def test_a_run_killed_while_it_promotes_or_packages_leaves_a_champion_and_writes_no_more(challenged: Path) -> None:
    old, new = alias(challenged, "champion"), alias(challenged, "challenger")
    log = challenged / "state/promotions.jsonl"
    logged = log.stat().st_size
    signs: list[Callable[[list[list[str]]], bool]] = [
        lambda commands: runs(commands, "symptomeme", "promote"),
        lambda _: log.stat().st_size > logged,  # it says what it is about to move
        lambda commands: runs(commands, "symptomeme", "package"),
        lambda commands: runs(commands, "bentoml", "serve"),  # the Bento is built, and tried out
    ]
    with watched(challenged) as champions:
        for sign in signs:
            with retraining(challenged) as process:
                started = started_until(process, sign)
                process.kill()
            assert psutil.wait_procs([*started, *at_work_in(challenged)], PATIENCE)[1] == []
        assert live(challenged) == old
        with retraining(challenged) as process:
            assert process.wait(PATIENCE) == 0
    assert champions.result() == {(old, old), (new, old), (new, new)}
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert [row["to"] for row in rows if row["kind"] == "gate"] == [new]
    assert rows[-1]["kind"] == "gate"


def test_scores_of_thousands_of_memes_killed_half_way(undisturbed: Path, tmp_path: Path) -> None:
    root, memes = undisturbed, tmp_path / "memes"
    memes.mkdir()
    pictures = sorted((root / "data/restore").rglob("images/*"))
    for number in range(5000):
        original = pictures[number % len(pictures)]
        other = original.read_bytes() + number.to_bytes(2)  # behind its end: the same picture, but none that is known
        (memes / f"{number:04}{original.suffix}").write_bytes(other)
    words = ["score", memes, "--task", "depression", "--shard-size", "500"]
    run("symptomeme", *words, tmp_path / "one.parquet", cwd=root)
    shutil.rmtree(root / ".cache/ocr")
    command = [*map(str, ("symptomeme", *words, tmp_path / "two.parquet"))]
    with subprocess.Popen(command, cwd=root, env=environment()) as process:
        seen(lambda: len(list((tmp_path / "two.parquet.shards").glob("*/0000[4-9].parquet"))) or None)
        process.kill()
    assert not (tmp_path / "two.parquet").exists()
    run("symptomeme", *words, tmp_path / "two.parquet", cwd=root)
    assert (tmp_path / "two.parquet").read_bytes() == (tmp_path / "one.parquet").read_bytes()


def retraining(root: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "flows.retrain"], cwd=root, env=environment())


def digests(root: Path) -> dict[str, str]:
    """Of every artifact, and what dvc.lock says, whose stages stand in the order in which they ended."""
    return {
        "dvc.lock": json.dumps(yaml.safe_load((root / "dvc.lock").read_text()), sort_keys=True),
        **{
            path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted((root / "artifacts").rglob("*"))
            if path.is_file()
        },
    }
