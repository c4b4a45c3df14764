"""Take the pictures of the docs in a real browser. Run it where `make demo` has run; it draws on sample memes.

    python scripts/screenshots.py            # every page
    python scripts/screenshots.py mlflow     # these alone

Another page is another function in PAGES: given a browser, it gives the page as it shall be seen.
"""

import argparse
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import prefect_page
import service_page
from browser import chromium, open_page
from PIL import Image
from playwright.sync_api import BrowserContext, Page

from symptomeme.domain.layout import data_docs, dataset_paths, error_page
from symptomeme.domain.ports import free_port
from symptomeme.lifecycle.reproduce import dvc

IMAGES = Path(__file__).resolve().parents[1] / "docs/images"
MOST = 200_000  # bytes a picture
WIDTH, HEIGHT = 1280, 860  # pixels


@contextmanager
def mlflow_server() -> Iterator[str]:
    """MLflow's server on the registry of this folder, as the docs tell to start it; its address."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", "sqlite:///mlruns.db"]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"],
        env={**os.environ, "DO_NOT_TRACK": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.5)
        yield address
    finally:
        process.terminate()
        process.wait()


def mlflow(context: BrowserContext, left_open: ExitStack) -> Page:
    """The registered models with their aliases."""
    address = left_open.enter_context(mlflow_server())
    page = open_page(context, f"{address}/#/models/symptomeme-anxiety").page
    page.get_by_text("champion").first.wait_for()
    page.get_by_role("button", name="Close").click()  # a panel that opens itself on the first visit
    page.get_by_role("button", name="Close").wait_for(state="detached")
    return page


def datadocs(context: BrowserContext, _: ExitStack) -> Page:
    """What was expected of the memes, and what was found."""
    page = open_page(context, data_docs("anxiety") / "index.html").page
    page.locator("tbody td").nth(1).click()
    page.wait_for_load_state()
    return page


def dvc_plots(context: BrowserContext, _: ExitStack) -> Page:
    """The plots of the graph's last run."""
    dvc("plots", "show")
    page = open_page(context, Path("dvc_plots/index.html")).page
    page.locator("canvas").last.wait_for()
    page.locator("[id*=anxiety_variants_fusion_plots_f1_by_class]").evaluate("plot => plot.scrollIntoView()")
    return page


def errors(context: BrowserContext, _: ExitStack) -> Page:
    """The memes that fusion got wrong."""
    page = open_page(context, error_page("anxiety", "fusion")).page
    page.wait_for_load_state("networkidle")
    return page


@contextmanager
def prefect_server() -> Iterator[str]:
    """What `make server` starts, in this folder; Prefect's address."""
    ports = {"SYMPTOMEME_PREFECT_PORT": str(free_port()), "SYMPTOMEME_MLFLOW_PORT": str(free_port())}
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.server"], env={**os.environ, **ports}, stdout=subprocess.PIPE, text=True
    )
    try:
        if not any("Ctrl-C" in line for line in iter(process.stdout.readline, "")):  # type: ignore[union-attr]
            raise SystemExit("the server did not start; see .prefect/logs")
        yield f"http://127.0.0.1:{ports['SYMPTOMEME_PREFECT_PORT']}"
    finally:
        process.terminate()
        process.communicate()


def prefect_schedule(context: BrowserContext, left_open: ExitStack) -> Page:
    """When retrain runs, and the button that runs it now."""
    return prefect_page.deployment(context, left_open.enter_context(prefect_server()), "weekly")


def prefect_run(context: BrowserContext, left_open: ExitStack) -> Page:
    """A run started from its page, with what it left."""
    page = prefect_page.press_run(prefect_schedule(context, left_open))
    page.reload()  # or its tasks are drawn as they were before they ended
    prefect_page.artifacts(page)
    page.wait_for_timeout(3000)  # the drawing of its tasks comes to rest
    return page


PAGES: dict[str, Callable[[BrowserContext, ExitStack], Page]] = {
    "mlflow": mlflow,
    "data_docs": datadocs,
    "dvc_plots": dvc_plots,
    "error_page": errors,
    "prefect_schedule": prefect_schedule,
    "prefect_run": prefect_run,
    "page_light": service_page.light,
    "page_dark": service_page.dark,
    "page_phone": service_page.phone,
}


def taken(page: Page, place: Path) -> None:
    """Write what the window shows as PNG, with fewer colours where it would be too large."""
    page.screenshot(path=place, animations="disabled")
    if place.stat().st_size > MOST:
        with Image.open(place) as whole:
            fewer = whole.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        fewer.save(place, optimize=True)
    if place.stat().st_size > MOST:
        raise SystemExit(f"{place} has {place.stat().st_size} bytes, allowed are {MOST}: show less of the page.")


def main() -> None:
    """Take the pictures that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", metavar="PAGE", help=", ".join(PAGES))
    for dataset in ("axiom", "restore"):
        source = dataset_paths(dataset).source
        if not source.is_file() or '"sample"' not in source.read_text(encoding="utf-8"):
            raise SystemExit(f"data/{dataset} is not the sample. Memes of others belong in no picture of the docs.")
    IMAGES.mkdir(exist_ok=True)
    for name in parser.parse_args().pages or PAGES:
        with chromium(width=WIDTH, height=HEIGHT) as context, ExitStack() as left_open:
            taken(PAGES[name](context, left_open), IMAGES / f"{name}.png")
        print(IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
