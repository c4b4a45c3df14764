import os
import subprocess
import sys
from pathlib import Path

import pytest

from symptomeme.domain.writing import read_jsonl, replacing, write_json, write_jsonl


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    place = tmp_path / "table.json"
    write_json(place, {"old": 1})
    with pytest.raises(ZeroDivisionError), replacing(place) as beside:
        beside.write_text("half")
        1 / 0  # noqa: B018
    assert [path.name for path in tmp_path.iterdir()] == ["table.json"]
    assert place.read_text() == '{\n  "old": 1\n}\n'


def test_a_folder_takes_the_place_of_a_folder(tmp_path: Path) -> None:
    place = tmp_path / "model"
    for name in ("first", "second"):
        with replacing(place) as beside:
            beside.mkdir()
            (beside / name).touch()
    assert [path.name for path in place.iterdir()] == ["second"]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_failed_folder_leaves_the_old_one(tmp_path: Path) -> None:
    place = tmp_path / "model"
    place.mkdir()
    (place / "kept").touch()
    with pytest.raises(OSError, match="full"), replacing(place) as beside:
        beside.mkdir()
        raise OSError("full")
    assert [path.name for path in place.iterdir()] == ["kept"]


def test_json_lines_come_back(tmp_path: Path) -> None:
    rows = [{"id": "TR-1", "text": "naïve\u2028line"}, {"id": "TR-2", "text": ""}]
    write_jsonl(tmp_path / "rows.jsonl", rows)
    assert read_jsonl(tmp_path / "rows.jsonl") == rows


@pytest.fixture
def dead() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_folder_that_a_killed_run_left_aside_comes_back(tmp_path: Path, dead: int) -> None:
    aside = tmp_path / f".model.{dead}.old"
    aside.mkdir()
    (aside / "kept").touch()
    with pytest.raises(OSError, match="full"), replacing(tmp_path / "model") as beside:
        beside.mkdir()
        raise OSError("full")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["model", "model/kept"]


def test_what_killed_runs_left_goes_and_what_is_being_written_stays(tmp_path: Path, dead: int) -> None:
    for name in (f".model.{dead}.partial", f".model.{dead}.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "left").touch()
    others = [f".model.{os.getppid()}.partial", f".model.txt.{dead}.partial", f".model.v{dead}.partial"]
    for name in others:
        (tmp_path / name).touch()
    (tmp_path / "model").mkdir()
    with replacing(tmp_path / "model") as beside:
        beside.mkdir()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*others, "model"])
