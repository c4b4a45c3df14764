"""Tesseract as it is installed here: its version, its languages, and what to type where one is missing."""

import re
import subprocess
import sys
from pathlib import Path

import pytesseract
from pytesseract import TesseractNotFoundError

from symptomeme.domain.digests import of_file
from symptomeme.domain.errors import ToolError


def version() -> str:
    """What `tesseract --version` tells.

    Raises:
        ToolError: it is not installed.
    """
    try:
        return str(pytesseract.get_tesseract_version())
    except (TesseractNotFoundError, subprocess.CalledProcessError):
        raise missing() from None


def languages(lang: str) -> str:
    """Each language with the first digits of its data's digest: distributions ship different data by one name.

    Args:
        lang: as for `tesseract -l`: "eng", "eng+deu".

    Raises:
        ToolError: Tesseract is not installed, or has no data for one.
    """
    command = [pytesseract.pytesseract.tesseract_cmd, "--list-langs"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:  # it was there when its version was asked for, which pytesseract remembers
        raise missing() from None
    header, *there = listed.splitlines() or [""]
    folder = re.search(r'"(.*)"', header)
    for name in lang.split("+"):
        if name not in there:
            raise ToolError(
                f"Tesseract has no data for language {name!r} (ocr.lang); it has {', '.join(there) or 'none'}. "
                f"Type: {_install(name)}"
            )
    if folder is None:
        return lang
    return "+".join(f"{name} {of_file(Path(folder[1]) / f'{name}.traineddata')[:8]}" for name in lang.split("+"))


def missing() -> ToolError:
    """What says that there is no Tesseract."""
    return ToolError(f"Tesseract is not installed, or does not start. Type: {_install()}")


def _install(lang: str | None = None) -> str:
    if sys.platform == "darwin":
        return "brew install tesseract-lang" if lang else "brew install tesseract"
    return (
        f"sudo apt-get install tesseract-ocr-{lang.replace('_', '-')}" if lang else "sudo apt-get install tesseract-ocr"
    )
