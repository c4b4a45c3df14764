"""Benchmarks are run by hand and seldom: that they start at all is seen here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
NAMES = ["explanations", "modalities", "monitor", "ocr", "quality", "real_text", "runtimes", "serving", "serving_peer"]
START = """
import contextlib, io, json, runpy, sys
folder, *names = sys.argv[1:]
sys.path[0] = folder  # as Python sets it for a script that is started by hand
told = {}
for name in names:
    sys.argv = [f"{name}.py", "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        try:
            runpy.run_path(f"{folder}/{name}.py", run_name="__main__")
            code = None
        except SystemExit as ended:
            code = ended.code
        except Exception as error:
            code = repr(error)
    told[name] = [code, out.getvalue()]
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told() -> dict[str, tuple[object, str]]:
    """Of each, how it ended and what it printed: all in one process that knows nothing of the tests' own folders."""
    command = [sys.executable, "-c", START, FOLDER, *NAMES]
    done = subprocess.run(command, cwd=FOLDER.parent, capture_output=True, text=True, check=True)
    return {name: (code, out) for name, (code, out) in json.loads(done.stdout).items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_starts_and_tells_how_it_is_called(name: str, told: dict[str, tuple[object, str]]) -> None:
    code, out = told[name]
    assert code == 0
    assert out.startswith(f"usage: {name}.py ")
