"""Callers who go, and a service that ends, under `bentoml serve` with a Tesseract that a test can hold back."""

import http.client
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from hostile import FORM, form
from ocr_settings import fake_tesseract
from running_service import PATIENCE, is_ready, live_service, wait_for

from symptomeme.domain.pointer import PackagedModel
from symptomeme.serving.self_test import drawn

pytestmark = pytest.mark.acceptance

Package = Callable[..., PackagedModel]
SETTINGS = {"SYMPTOMEME_OCR_WORKERS": "1", "SYMPTOMEME_MAX_BATCH": "1"}
HELD_BACK = """
case "$*" in *stream_filelist*) ;; *) exec {real} "$@" ;; esac
while read -r page; do
  while [ -e {gate} ]; do sleep 0.05; done
  echo "$page"
done | {real} "$@"
"""


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """While this file is there, no page is read."""
    programs, gate = tmp_path / "programs", tmp_path / "gate"
    programs.mkdir()
    fake_tesseract(programs, HELD_BACK.format(real=shutil.which("tesseract"), gate=gate))
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    return gate


def read(url: str) -> float:
    """How many different pictures the service was asked to read."""
    told = requests.get(f"{url}/metrics", timeout=PATIENCE).text
    return float(told.partition('symptomeme_cache_total{cache="words",result="miss"} ')[2].partition("\n")[0])


def ask(url: str) -> int:
    return requests.post(f"{url}/classify", files={"image": drawn()}, timeout=PATIENCE).status_code


def test_callers_who_go_leave_their_places_to_others(tmp_path: Path, gate: Path, package: Package) -> None:
    place = tmp_path / "served"
    place.mkdir()
    with live_service(place, package, SYMPTOMEME_QUEUE="2", **SETTINGS) as url, ThreadPoolExecutor(1) as caller:
        before = read(url)
        gate.touch()
        connections = [http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE) for _ in range(2)]
        for connection in connections:
            connection.request("POST", "/classify", form([("image", b'; filename="a"', drawn())]).body, FORM)
        wait_for(lambda: read(url) == before + 2)
        for connection in connections:
            connection.close()
        wait_for(lambda: Path("log").read_text().count(" /classify 499 gone ") == 2)
        third = caller.submit(ask, url)
        wait_for(lambda: read(url) == before + 3 or third.done())
        gate.unlink()
        assert third.result() == 200
    assert "Traceback" not in (place / "log").read_text()


def test_a_service_that_ends_answers_who_is_there(tmp_path: Path, gate: Path, package: Package) -> None:
    place = tmp_path / "served"
    place.mkdir()
    with ThreadPoolExecutor(4) as callers:
        with live_service(place, package, SYMPTOMEME_QUEUE="4", **SETTINGS) as url:
            before = read(url)
            gate.touch()
            asked = [callers.submit(ask, url) for _ in range(3)]
            wait_for(lambda: read(url) == before + 3)

            def open_once_it_ends() -> None:
                wait_for(lambda: not is_ready(url, "livez"))
                gate.unlink()

            opened = callers.submit(open_once_it_ends)
        opened.result()
        assert [one.result() for one in asked] == [200] * 3
    assert "Traceback" not in (place / "log").read_text()
