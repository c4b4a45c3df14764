"""A fresh clone, from `make demo` on: what the README promises to one who types it."""

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from browser import PROGRAM, chromium
from PIL import Image
from prefect_page import artifacts, deployment, press_run
from readme import README, commands_under, inline
from running_service import PATIENCE, is_ready, wait_for
from small_project import ROOT

from symptomeme.domain.ports import free_port

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cloned(tmp_path_factory.mktemp("fresh") / "clone")


def cloned(place: Path) -> Path:
    """What is committed, with the packages of this environment where they are the ones it asks for."""
    subprocess.run(["git", "clone", "--quiet", ROOT, place], check=True)
    wanted = hashlib.sha256(b"".join((place / name).read_bytes() for name in ("pyproject.toml", "requirements.lock")))
    stamp = Path(sys.prefix) / "installed"  # as scripts/setup.sh leaves it
    if stamp.is_file() and stamp.read_text().split()[0] == wanted.hexdigest():
        (place / ".venv").mkdir()
        for entry in Path(sys.prefix).iterdir():
            (place / ".venv" / entry.name).symlink_to(entry)
    return place


@pytest.fixture(scope="module")
def told(clone: Path) -> str:
    """What the README's commands under "Start" print, typed into one shell."""
    return typed(clone, *commands_under("Start"))


def typed(clone: Path, *commands: str) -> str:
    """What commands print in one shell; each must end well."""
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join(commands)],
        cwd=clone,
        env={**environment(), "PYTHONPATH": str(clone / "src")},  # its own, where the packages are another clone's
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{commands}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def environment() -> dict[str, str]:
    """This one without its virtual environment, a registry of its own, and the make that may have started the tests."""
    others = ("VIRTUAL_ENV", "MLFLOW_TRACKING_URI", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    kept = {name: value for name, value in os.environ.items() if name not in others}
    here = str(Path(sys.prefix) / "bin")
    return {**kept, "PATH": os.pathsep.join(part for part in kept["PATH"].split(os.pathsep) if part != here)}


def test_the_demo_ends_with_its_table_and_an_answer(told: str) -> None:
    assert len(re.findall(r"^Running stage ", told, re.MULTILINE)) == 20
    for task in ("anxiety", "depression"):
        for variant in ("fusion", "text_only"):
            assert re.search(rf"^{task} +{variant} +test, leak-free ", told, re.MULTILINE)
    assert re.search(r"^Demo: \d+ s\.$", told, re.MULTILINE)
    shown = README.read_text(encoding="utf-8").partition("$ symptomeme classify ")[2].splitlines()[1:]
    answer = told.partition("\nDemo: ")[2].splitlines()[1:]
    assert answer[0] == shown[0]
    assert answer[1].startswith("  words: ")
    head = shown[2].partition(":")[0]  # the task, and which model says so
    assert any(line.startswith(head) for line in answer)


def test_a_second_demo_runs_no_stage_and_leaves_nothing_to_commit(clone: Path, told: str) -> None:
    assert "Running stage" in told
    again = typed(clone, inline("make demo"))
    assert "Running stage" not in again
    assert table(again) == table(told)
    assert typed(clone, "source .venv/bin/activate", "dvc status --json").strip() == "{}"
    assert typed(clone, "git status --porcelain") == ""


def test_pre_alignment_helps_to_find_a_meme_by_its_words(clone: Path, told: str) -> None:
    assert told
    gains = [
        json.loads((clone / "artifacts" / task / "aligned/retrieval.json").read_text(encoding="utf-8"))["recall_at_5"][
            "gain"
        ]
        for task in ("anxiety", "depression")
    ]
    assert min(gain["low"] for gain in gains) > 0


def test_a_demo_in_another_folder_gives_the_same_figures(clone: Path, told: str, tmp_path: Path) -> None:
    assert told
    other = cloned(tmp_path / "another" / "place")
    typed(other, *commands_under("Start"))
    figures = sorted(file.relative_to(clone) for file in clone.glob("artifacts/*/variants/*/metrics.json"))
    assert len(figures) == 4
    assert [(other / file).read_bytes() for file in figures] == [(clone / file).read_bytes() for file in figures]


def table(told: str) -> list[str]:
    return re.findall(r"^(?:anxiety|depression) .*$", told.partition("\nDemo: ")[0], re.MULTILINE)


def test_what_keeps_it_alive_runs(clone: Path, told: str) -> None:
    assert told
    promote, monitor, server = commands_under("Keep it alive")
    said = typed(clone, "source .venv/bin/activate", promote, monitor)
    assert "is the champion already: nothing is judged.\n" in said
    assert ": no alarm, against " in said
    prefect, mlflow = str(free_port()), str(free_port())
    with started(clone, server, SYMPTOMEME_PREFECT_PORT=prefect, SYMPTOMEME_MLFLOW_PORT=mlflow):
        wait_for(lambda: is_ready(f"http://127.0.0.1:{prefect}", "api/health"))
        wait_for(lambda: is_ready(f"http://127.0.0.1:{mlflow}", "health"))
        deployed = f"http://127.0.0.1:{prefect}/api/deployments/filter"
        wait_for(lambda: {"weekly"} <= {one["name"] for one in httpx.post(deployed, json={}).json()})
        if PROGRAM is not None:  # scripts/setup.sh --browser installs one where it may
            with chromium() as browser:
                page = press_run(deployment(browser, f"http://127.0.0.1:{prefect}", "weekly"))
                assert page.get_by_text("Completed", exact=True).count(), page.inner_text("body")
                assert "figures" in "\n".join(artifacts(page))


def test_it_answers_over_http_what_is_shown(clone: Path, told: str) -> None:
    assert told
    serve, curl = commands_under("Ask it over HTTP")
    asked, shown = README.read_text(encoding="utf-8").partition("## Ask it over HTTP\n")[2].split("```")[1:4:2]
    code, port = shown.removeprefix("python\n"), str(free_port())
    with started(clone, serve, PORT=port):
        wait_for(lambda: is_ready(f"http://127.0.0.1:{port}"))
        assert typed(clone, curl.replace("3000", port)).startswith(asked.splitlines()[-1].removesuffix("…"))
        said = typed(clone, "source .venv/bin/activate", f"python -c {shlex.quote(code.replace('3000', port))}")
    assert said.strip() == code.rpartition("  # ")[2].strip()


def test_requests_are_answered_as_by_classify_and_are_what_monitor_reports_on(clone: Path, told: str) -> None:
    assert told
    there = sorted(clone.glob("data/*/t*/images/*.jpg"))
    pictures = {path.read_bytes(): path for path in there if is_whole(path)}  # one that cannot be read is planted
    chosen, port = list(pictures)[:500], free_port()
    assert len(chosen) == 500
    own = {"SYMPTOMEME_REQUESTS_PER_MINUTE": "100000", "PORT": str(port)}
    with started(clone, commands_under("Ask it over HTTP")[0], **own):
        wait_for(lambda: is_ready(f"http://127.0.0.1:{port}"))
        with (
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client,
            ThreadPoolExecutor(8) as pool,
        ):
            answers = list(pool.map(lambda picture: client.post("/classify", files={"image": picture}), chosen))
    assert {answer.status_code for answer in answers} == {200}
    files = " ".join(shlex.quote(str(pictures[picture])) for picture in chosen[:5])
    alone = json.loads(typed(clone, "source .venv/bin/activate", f"symptomeme classify {files} --json"))
    for over_http, at_the_terminal in zip(answers, alone, strict=False):
        for task, found in at_the_terminal["tasks"].items():
            assert over_http.json()["tasks"][task]["probabilities"] == pytest.approx(found["probabilities"], abs=1e-5)
    for task in ("anxiety", "depression"):  # 3: an alarm
        report = f"symptomeme monitor --task {task} || test $? = 3"
        assert "requests: 500 rows" in typed(clone, "source .venv/bin/activate", report)


def is_whole(path: Path) -> bool:
    try:
        with Image.open(path) as picture:
            picture.load()
    except OSError:
        return False
    return True


@contextmanager
def started(clone: Path, command: str, **variables: str) -> Iterator[None]:
    """A command that runs until it is ended."""
    own = {**environment(), "PYTHONPATH": str(clone / "src"), **variables}
    process = subprocess.Popen(shlex.split(command), cwd=clone, env=own)
    try:
        yield
    finally:
        for child in psutil.Process(process.pid).children():
            child.terminate()
        process.wait(PATIENCE)


def test_the_picture_is_what_fusion_sees_more_than_text_only(clone: Path, told: str) -> None:
    assert told
    said = typed(clone, "source .venv/bin/activate", inline("python benchmarks/modalities.py"))
    assert said.count("  holds\n") == 4  # two tasks, two views
    left = [float(value) for value in re.findall(r"swapped - text_only: ([+-][.\d]+)", said)]
    assert len(left) == 4
    assert max(left) <= 0
