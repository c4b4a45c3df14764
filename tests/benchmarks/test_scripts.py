"""Benchmarks are run by hand and seldom: that they start at all is seen here."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "name",
    ["explanations", "modalities", "monitor", "ocr", "quality", "real_text", "runtimes", "serving", "serving_peer"],
)
def test_a_benchmark_starts_and_tells_how_it_is_called(name: str) -> None:
    command = [sys.executable, ROOT / f"benchmarks/{name}.py", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: ")
