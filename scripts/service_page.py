"""The service's page for screenshots: a sample meme of the page with its answer, by the models that are live here."""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from browser import open_page
from playwright.sync_api import BrowserContext, Page

from symptomeme.domain.layout import StatePaths
from symptomeme.domain.ports import free_port


@contextmanager
def server() -> Iterator[str]:
    """The address of a service with what is live in this folder; its requests are not kept among the others."""
    if not StatePaths().live.is_file():
        raise SystemExit("nothing is live here: run 'symptomeme package', then this again.")
    port = str(free_port())
    with TemporaryDirectory(prefix="state-") as state:
        shutil.copy(StatePaths().live, state)
        process = subprocess.Popen(
            [sys.executable, "-m", "bentoml", "serve", "--host", "127.0.0.1", "--port", port],
            env={"BENTOML_HOME": str(Path(".bentoml").resolve()), **os.environ, "SYMPTOMEME_STATE": state},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            for _ in range(480):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.5)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def answered(context: BrowserContext, left_open: ExitStack, sample: str, size: tuple[int, int], scheme: str) -> Page:
    """The page with the answer to one of its samples."""
    page = open_page(context, left_open.enter_context(server())).page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.locator(f"[data-sample$='{sample}.jpg']").click()
    page.locator("main[data-state=done]").wait_for(timeout=60_000)
    page.mouse.move(0, 0)
    return page


def light(context: BrowserContext, left_open: ExitStack) -> Page:
    """Picture, words and answer on a wide window."""
    return answered(context, left_open, "slideshow", (1280, 1060), "light")


def dark(context: BrowserContext, left_open: ExitStack) -> Page:
    """The same page where people prefer it dark."""
    return answered(context, left_open, "skeleton", (1280, 1060), "dark")


def phone(context: BrowserContext, left_open: ExitStack) -> Page:
    """On a phone, where it goes to the answer by itself."""
    return answered(context, left_open, "cursor", (360, 800), "light")
