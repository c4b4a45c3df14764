"""File names that no terminal shows, and words that are no Unicode."""

import io
import json
import os
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from PIL import Image

from symptomeme.cli.main import main

NEWLINE, UNDECODABLE = "new\nline", os.fsdecode(b"bad\xff")
NAMES = {NEWLINE: "new?line", UNDECODABLE: "bad?"}


def printed(*words: str) -> tuple[int, str]:
    """Exit code and what was printed, by streams of UTF-8 that refuse what is none."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True, newline="\n")
    with redirect_stdout(out), redirect_stderr(out):
        code = main([*words])
    return code, out.buffer.getvalue().decode()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("verb", "told"),
    [
        (["classify", "{}.png"], "no such file: {}.png. Name existing pictures."),
        (["classify", "{}"], "{}: a folder; expected pictures. For a folder: symptomeme score {} OUT.parquet"),
        (["classify", "{}.txt"], "{}.txt: of no known format, or its header is damaged."),
        (["explain", "{}.png"], "no such file: {}.png. Name existing pictures."),
        (["import-data", "anxiety", "{}.zip"], "{}.zip: there is no such file or folder."),
        (["import-data", "anxiety", "{}.txt"], "{}.txt: no zip, or a corrupt one (BadZipFile)"),
        (["import-data", "anxiety", "{}"], "{}: no annotations of AxiOM; expected JSON or CSV files"),
        (["import-data", "anxiety", f"{'{}' * 70}.zip"], f"{'{}' * 70}.zip File name too long."),
    ],
)
def test_a_name_stays_on_the_line(workplace: Path, verb: list[str], told: str, name: str) -> None:
    (workplace / name).mkdir()
    (workplace / f"{name}.txt").write_bytes(b"no picture and no zip")
    code, line = printed(*(word.replace("{}", name) for word in verb))
    assert (code, line.count("\n")) == (1, 1)
    assert line.startswith(f"symptomeme {verb[0]}: {told.replace('{}', NAMES[name])}")


@pytest.mark.parametrize("name", NAMES)
def test_answers_show_it_too(workplace: Path, small_model: Path, name: str) -> None:
    Image.new("RGB", (64, 64), "teal").save(workplace / f"{name}.png")
    words = ["classify", f"{name}.png", "--model", str(small_model), "--text", UNDECODABLE + NEWLINE]
    code, told = printed(*words)
    assert code == 0
    assert told.splitlines()[:2] == [f"{NAMES[name]}.png", "  words: bad?new line"]
    code, told = printed(*words, "--json")
    assert code == 0
    (answer,) = json.loads(told)
    assert answer["image"] == f"{name}.png".replace(UNDECODABLE, "bad?")
    assert answer["text"]["value"] == "bad?new\nline"
