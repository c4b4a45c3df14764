"""What tests do with the service's page in a browser."""

import base64
import json
from pathlib import Path
from typing import Any

from browser import Opened
from playwright.sync_api import Page, Route

AXE = (Path(__file__).parent / "assets/axe/axe.min.js").read_text(encoding="utf-8")
WAITING = 60_000  # milliseconds until a test gives up on an answer

_FILE = """([data, name, type]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(data), letter => letter.charCodeAt(0))], name, {type}));
    return transfer;
}"""
_COPY = """async data => {
    const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
    await navigator.clipboard.write([new ClipboardItem({"image/png": new Blob([bytes], {type: "image/png"})})]);
}"""

STUB: dict[str, Any] = {
    "image": "image",
    "sha256": "0" * 64,
    "text": {"value": "cannot sleep", "confidence": 61.2, "engine": "tesseract 5"},
    "tasks": {
        "anxiety": {
            "labels": [],
            "probabilities": {"Nervousness": 0.2981, "<img src=x>": 0.1},
            "thresholds": {"Nervousness": 0.3, "<img src=x>": 0.3},
            "abstain": True,
            "model": {"name": "anxious", "version": None, "variant": "fusion"},
        },
        "depression": {
            "labels": ["Feeling Down", "Self-Harm"],
            "probabilities": {"Feeling Down": 0.8, "Self-Harm": 0.7},
            "thresholds": {"Feeling Down": 0.3, "Self-Harm": 0.4},
            "abstain": False,
            "model": {"name": "depressed", "version": "4", "variant": "fusion"},
        },
    },
    "milliseconds": {"picture": 1.2, "ocr": 300.4},
    "notice": "No diagnosis.",
    "request_id": "abc123",
    "support": {
        "message": "Some places help.",
        "resources": [
            {"name": "Pages", "contact": "https://example.org/help", "about": "by country"},
            {"name": "Phone", "contact": "116 123"},
            {"name": "Odd", "contact": "javascript:alert(1)"},
        ],
    },
}
"""An answer of which the tiny models give none: one task abstains, the other names Self-Harm."""


def drop(page: Page, data: bytes, name: str, kind: str) -> None:
    """Drag a file over the page and let it fall."""
    transfer = page.evaluate_handle(_FILE, [base64.b64encode(data).decode(), name, kind])
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("#drop", event, {"dataTransfer": transfer})


def paste(page: Page, data: bytes) -> None:
    """Put a PNG on the clipboard and press Ctrl-V."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(_COPY, base64.b64encode(data).decode())
    page.keyboard.press("Control+V")


def choose(page: Page, data: bytes, name: str = "meme.png", kind: str = "image/png") -> None:
    """Press the button and choose a file."""
    with page.expect_file_chooser() as chooser:
        page.locator("#choose").click()
    chooser.value.set_files({"name": name, "mimeType": kind, "buffer": data})


def settled(page: Page, state: str = "done") -> None:
    """Wait for an answer, or `failed`."""
    page.locator(f"main[data-state={state}]").wait_for(timeout=WAITING)


def answer_on(page: Page) -> Any:
    """The whole answer, as the page offers it."""
    return json.loads(page.locator("#json").text_content() or "")


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until this has the focus."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.locator(selector).evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"{selector} is not reached by Tab")


def faults_of_access(page: Page) -> list[str]:
    """What axe finds serious or critical, after bars have come to rest."""
    page.emulate_media(reduced_motion="reduce")
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE)
    found = page.evaluate("axe.run().then(result => result.violations)")
    return [
        f"{fault['id']}: {node['html'][:120]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


def is_too_wide(page: Page) -> bool:
    """Whether it scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def answer_with(page: Page, status: int, body: Any, **headers: str) -> list[str | None]:
    """Answer for the service from now on; the keys that were shown are collected in what is returned."""
    keys: list[str | None] = []

    def fulfill(route: Route) -> None:
        keys.append(route.request.headers.get("authorization"))
        route.fulfill(status=status, json=body, headers=headers)

    page.unroute("**/classify")
    page.route("**/classify", fulfill)
    return keys


def own_faults(opened: Opened, status: int) -> list[str]:
    """Faults but those that an answer of this status leaves in the browser's log."""
    return [fault for fault in opened.faults if f"{status}" not in fault]
