"""A headless Chromium that never leaves this machine, for the tests of pages and for screenshots."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from playwright.sync_api import BrowserContext, Page, sync_playwright

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
"""Where the browser is; None where there is none."""
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
LOCAL = ("file:", "data:", "blob:", "about:", "http://127.0.0.1:")


@contextmanager
def chromium(*, width: int = 1280, height: int = 900, dark: bool = False) -> Iterator[BrowserContext]:
    """A new browser without history; of all hosts it finds 127.0.0.1 alone."""
    with TemporaryDirectory(prefix="chromium-") as profile, sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            profile,
            executable_path=PROGRAM,
            args=[*FLAGS],
            chromium_sandbox=False,  # which is not to be had as root, or in a container
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
        )
        try:
            yield context
        finally:
            context.close()


class Opened(NamedTuple):
    """A page, and what went wrong while it was opened and used: failed or foreign requests, errors of scripts."""

    page: Page
    faults: list[str]


def open_page(context: BrowserContext, address: str | Path) -> Opened:
    """Open a file or an address and wait until it has loaded what it wants."""
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda told: faults.append(f"console: {told.text}") if told.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on("requestfailed", lambda request: faults.append(f"failed: {request.url}"))
    page.on("request", lambda asked: None if asked.url.startswith(LOCAL) else faults.append(f"foreign: {asked.url}"))
    page.on("response", lambda got: faults.append(f"{got.status}: {got.url}") if not got.ok else None)
    page.goto(address.resolve().as_uri() if isinstance(address, Path) else address, wait_until="load")
    return Opened(page, faults)
