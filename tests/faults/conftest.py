"""A disk that can be filled."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from faults.fault import SIZE


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of SIZE bytes, empty."""
    with mounted(tmp_path / "disk", SIZE) as place:
        yield place


@pytest.fixture
def disk_for_models(tmp_path: Path) -> Iterator[Path]:
    """A file system that holds some tiny models, empty."""
    with mounted(tmp_path / "disk", 10 * SIZE) as place:
        yield place


@contextmanager
def mounted(place: Path, size: int) -> Iterator[Path]:
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no 'mount' here: a full disk is only made believe")
    if done.returncode:
        pytest.skip(f"mounting is not allowed here ({done.stderr.strip()}): a full disk is only made believe")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)
