"""Great Expectations' Data Docs, made to look right offline."""

import logging
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

LOG = logging.getLogger(__name__)
RENDERERS = "great_expectations.render"

NOT_NEEDED = {
    # drawings and a dark theme that these pages do without
    "vega@5",
    "vega-lite@5",
    "vega-embed@6",
    "bootstrap-prefers-dark.css",
}

_STYLE = re.compile(r'<link\b[^>]*\bhref="https?://[^"]*/([^"/?]+)[^"]*"[^>]*>')
_SCRIPT = re.compile(r'<script\b[^>]*\bsrc="https?://[^"]*/([^"/?]+)[^"]*"[^>]*>\s*</script>')
_IMAGE = re.compile(r'\bsrc="https?://[^"]*/([^"/?]+)[^"]*"')
_STATIC = re.compile(r'"(?:\.{1,2}/)+static/')
_NEWSLETTER = re.compile(r"<footer>.*?</footer>", re.DOTALL)
_ASSET = re.compile(r" Data asset: None<br>")  # the page looks for the name where data frames have none
_BACKGROUND = re.compile(r"""url\(['"]?https?://[^)]*\)""")


def write_pages(context: Any, folder: Path, *, name: str) -> None:
    """Write the Data Docs of what `context` has validated.

    Args:
        context: Great Expectations' data context.
        folder: an empty or absent folder; its `index.html` leads to the others.
        name: what the pages call themselves.

    Raises:
        Exception: whatever kept Great Expectations from writing a page.
    """
    site = {
        "class_name": "SiteBuilder",
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder.resolve())},
    }
    context.add_data_docs_site(name, site)
    with _raising():
        context.build_data_docs(site_names=[name])
    ours = resources.files("symptomeme") / "assets" / "datadocs"
    with resources.as_file(ours) as copies:
        shutil.copytree(copies, folder / "static" / "vendor")
        known = {path.name: f"vendor/{path.parent.name}/{path.name}" for path in copies.glob("*/*.*s")}
    known |= {path.name: f"images/{path.name}" for path in (folder / "static" / "images").iterdir()}
    for page in folder.rglob("*.html"):
        up = "../" * (len(page.relative_to(folder).parts) - 1)
        page.write_text(offline(page.read_text(encoding="utf-8"), f"{up}static/", known), encoding="utf-8")


class _Raised(logging.Handler):
    """Keeps the errors that Great Expectations catches to log them with a traceback, and goes on from."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the error that is being told of."""
        self.errors.append(sys.exception() or RuntimeError(record.getMessage()))


@contextmanager
def _raising() -> Iterator[None]:
    """Let the first error of Great Expectations' renderers come to the caller: pages without it would not be whole."""
    logger, raised = logging.getLogger(RENDERERS), _Raised()
    logger.addHandler(raised)
    logger.propagate = False
    try:
        yield
    finally:
        logger.propagate = True
        logger.removeHandler(raised)
    if raised.errors:
        raise raised.errors[0]


def offline(page: str, static: str, known: dict[str, str]) -> str:
    """A page that loads nothing from the network: from `static`, or not at all; without advertisement.

    Args:
        page: HTML as Great Expectations writes it.
        static: the way from this page to the folder of static files, with a slash at its end.
        known: file names that stand in `static`, and where.
    """

    def local(name: str, element: str) -> str:
        if name in known:
            return element.format(f"{static}{known[name]}")
        if name not in NOT_NEEDED:
            LOG.warning("Data Docs ask for %s, of which there is no copy here: the page does without it.", name)
        return ""

    page = _STATIC.sub(f'"{static}', page)
    page = _STYLE.sub(lambda found: local(found[1], '<link rel="stylesheet" href="{}">'), page)
    page = _SCRIPT.sub(lambda found: local(found[1], '<script src="{}"></script>'), page)
    page = _IMAGE.sub(lambda found: local(found[1], 'src="{}"'), page)
    page = _BACKGROUND.sub("none", page)
    page = _ASSET.sub("", _NEWSLETTER.sub("", page))
    # a dark page would need the dark theme
    return page.replace("@media (prefers-color-scheme: dark)", "@media not all")
