"""Small annotation files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Writer = Callable[..., Path]


@pytest.fixture
def annotations(tmp_path: Path) -> Writer:
    """Writes a file of anxiety records: texts with labels, ids counted from 1."""

    def write(name: str, *rows: tuple[str, str], prefix: str = "TR") -> Path:
        records: list[dict[str, Any]] = [
            {"sample_id": f"{prefix}-{number}", "ocr_text": text, "meme_anxiety_category": label}
            for number, (text, label) in enumerate(rows, start=1)
        ]
        path = tmp_path / name
        path.write_text(json.dumps(records), encoding="utf-8")
        return path

    return write
