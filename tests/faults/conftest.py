"""A disk that can be filled, and projects whose stages can be run."""

import contextlib
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from faults.fault import SIZE
from small_project import read_project

from symptomeme.cli.main import main
from symptomeme.domain.labels import ANXIETY


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


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path) -> Path:
    """Sixteen memes of two classes as far as reason, with the given texts and none behind them; tiny encoders."""
    return read_project(tmp_path_factory.mktemp("stages"), text_folder, vision_folder, ANXIETY.labels[:2])


@pytest.fixture(scope="module")
def trained(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of `made` with one trained variant."""
    root = tmp_path_factory.mktemp("trained") / "project"
    shutil.copytree(made, root)
    with contextlib.chdir(root):
        assert main(["prealign", "--task", "anxiety"]) == 0
        assert main(["train", "--task", "anxiety", "--variant", "fusion"]) == 0
    return root


@pytest.fixture
def ready(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `made`, the current folder."""
    shutil.copytree(made, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def ready_to_evaluate(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `trained`, the current folder."""
    shutil.copytree(trained, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def fails(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a stage that must fail in one line and write nothing; give that line."""

    def run(stage: str) -> str:
        variant = ["--variant", "fusion"] if stage in ("train", "evaluate") else []
        before = written()
        capsys.readouterr()
        assert main([stage, "--task", "anxiety", *variant]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert re.fullmatch(rf"symptomeme {stage}: [^\n]+\n", err), err
        assert written() == before
        return err.removeprefix(f"symptomeme {stage}: ").rstrip("\n")

    return run


def written() -> list[Path]:
    """All of the project but its caches."""
    return [path for path in sorted(Path().rglob("*")) if path.parts[0] not in (".cache", "reports")]
