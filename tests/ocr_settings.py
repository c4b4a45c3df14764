"""How Tesseract is set where tests read drawn words."""

from typing import Any

GREY: dict[str, Any] = {
    "lang": "eng",
    "page_segmentation": 6,
    "view": "grey",
    "light_threshold": 190,
    "dark_threshold": 110,
    "upscale": 1.0,
    "min_confidence": 0.0,
}


def fake_tesseract(folder, script):
    """A program of that name that runs a shell script."""
    program = folder / "tesseract"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
