"""Tiny archives in the published layouts."""

import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from symptomeme.data.importing import Imported, import_archives
from symptomeme.data.placing import Placing
from symptomeme.domain.labels import ANXIETY, Task

Files = dict[str, bytes | str]


def picture(seed: int, *, kind: str = "JPEG", size: tuple[int, int] = (40, 30)) -> bytes:
    """A picture unlike those of other seeds."""
    coarse = Image.frombytes("RGB", (8, 8), random.Random(seed).randbytes(192))
    out = io.BytesIO()
    coarse.resize(size).save(out, kind)
    return out.getvalue()


def anxiety(meme_id: str, text: str = "", label: str = "Restlessness", **more: Any) -> dict[str, Any]:
    return {"sample_id": meme_id, "ocr_text": text or f"words of {meme_id}", "meme_anxiety_category": label, **more}


def depression(meme_id: str, labels: list[str], text: str = "", **more: Any) -> dict[str, Any]:
    return {
        "sample_id": meme_id,
        "ocr_text": text or f"words of {meme_id}",
        "meme_depressive_categories": labels,
        **more,
    }


@pytest.fixture
def make() -> Any:
    """The builders above, as a namespace."""

    class Make:
        pass

    Make.picture, Make.anxiety, Make.depression = staticmethod(picture), staticmethod(anxiety), staticmethod(depression)
    return Make


@pytest.fixture
def pack(tmp_path: Path) -> Callable[[str, Files], Path]:
    """Write files into a zip, or into a folder when the name has no ending."""

    def write(name: str, files: Files) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".zip":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
                for inside, data in files.items():
                    packed.writestr(inside, data)
            return path
        for inside, data in files.items():
            (path / inside).parent.mkdir(parents=True, exist_ok=True)
            (path / inside).write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return write


@pytest.fixture
def small(make: Any) -> Files:
    """AxiOM with 16 train and 2 test memes, as published."""
    train = [make.anxiety(f"TR-{i}", label=("Restlessness", "Nervousness")[i % 2]) for i in range(1, 17)]
    test = [make.anxiety(f"TE-{i}") for i in range(1, 3)]
    return {
        "complete/anxiety_train.json": json.dumps(train),
        "complete/anxiety_test.json": json.dumps(test),
        **{f"complete/anxiety_train_image/TR-{i}.jpg": make.picture(i) for i in range(1, 17)},
        **{f"complete/anxiety_test_image/TE-{i}.jpg": make.picture(100 + i) for i in range(1, 3)},
    }


@pytest.fixture
def placing() -> Placing:
    return Placing(val_share=0.125, seed=42, phash_distance=6, text_similarity=0.85)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, the current folder."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def take(project: Path, placing: Placing) -> Callable[..., Imported]:
    """Import archives into the project."""

    def from_archives(*archives: Path, task: Task = ANXIETY, add: bool = False) -> Imported:
        return import_archives(task, archives, placing, add=add)

    return from_archives
