import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from symptomeme.data import pictures
from symptomeme.data.pictures import look_at, look_at_all
from symptomeme.domain.errors import InputError


def test_a_picture_is_described(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "TR-1.jpg"
    path.write_bytes(make.picture(1))
    look = look_at(path)
    assert (look.width, look.height, look.fault) == (40, 30, None)
    assert look.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert look.phash is not None
    assert len(look.phash) == 16


def test_a_fault_is_told_without_the_path(tmp_path: Path) -> None:
    path = tmp_path / "TR-1.jpg"
    path.write_bytes(b"no picture")
    assert look_at(path)[1:] == (None, None, None, "of no known format, or its header is damaged")


def test_a_missing_picture_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"TR-1\.jpg is missing: run 'dvc checkout' or 'dvc pull', or import the data again"
    ):
        look_at(tmp_path / "TR-1.jpg")


def test_processes_see_what_one_process_sees(tmp_path: Path, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / f"TR-{seed}.jpg" for seed in range(20)]
    for seed, path in enumerate(paths):
        path.write_bytes(make.picture(seed))
    alone = look_at_all(paths, what="test")
    monkeypatch.setattr(pictures, "POOL_FROM", 1)
    assert look_at_all(paths, what="test") == alone
    assert len({look.phash for look in alone}) == 20


def test_no_process_outlives_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "waits.py"
    script.write_text(
        "import os, time\n"
        "from symptomeme.data import pictures\n"
        "def told(path):\n"
        "    path.write_text(str(os.getpid()))\n"
        "    time.sleep(60)\n"
        "if __name__ == '__main__':\n"
        "    from pathlib import Path\n"
        "    pictures.POOL_FROM, pictures._BATCH, pictures.look_at = 1, 1, told\n"
        "    pictures.look_at_all([Path('one'), Path('two')], what='test')\n"
    )
    parent = subprocess.Popen([sys.executable, script], cwd=tmp_path)
    try:
        until = time.monotonic() + 30
        files = [tmp_path / "one", tmp_path / "two"]
        while not all(file.exists() and file.read_text() for file in files) and time.monotonic() < until:
            time.sleep(0.1)
        workers = [int(file.read_text()) for file in files]
    finally:
        parent.kill()
        parent.wait()
    while any(map(_runs, workers)) and time.monotonic() < until + 10:
        time.sleep(0.1)
    left = [worker for worker in workers if _runs(worker)]
    for worker in left:
        os.kill(worker, signal.SIGKILL)
    assert left == []


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False
