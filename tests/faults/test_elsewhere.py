"""docs/bad-input.md, Elsewhere: faults of the machine and of the project, through each command that is named there."""

import errno
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from diskcache import Cache
from faults.fault import Fault, files, write_archive

from symptomeme.cli.main import main

PAGE = Path(__file__).parents[2] / "docs/bad-input.md"
SECTION = PAGE.read_text().partition("\n## Elsewhere\n")[2].partition("\n## ")[0]
TABLE = {
    name: (re.findall("`(.+?)`", verbs), re.findall("`(.+?)`", told))
    for name, verbs, told in re.findall(r"^\| (.+?) \| (`.+?) \| (.+) \|$", SECTION, re.MULTILINE)
}
CELLS = [(name, verb) for name, (verbs, _) in TABLE.items() for verb in verbs]
STAGES = ("ingest", "validate", "ocr", "reason")
PARAMS = Path("params.yaml")


def full_disk(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    """The library that writes tables finds no room half way; a disk that is full: `test_full_disk.py`."""

    def half(_: object, path: Path, **__: object) -> None:
        path.write_bytes(b"PAR1")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq, "write_table", half)


def no_tesseract(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    Path("../empty").mkdir()
    monkeypatch.setenv("PATH", "../empty")


def misspelt(_: pytest.MonkeyPatch, __: Path) -> None:
    text = PARAMS.read_text().replace("max_bad_share:", "max_bad_shar:")
    PARAMS.write_text(text.replace("text_similarity:", "text_similarty:"))


def nothing(_: pytest.MonkeyPatch, __: Path) -> None:
    """What is tried is the first that runs."""


def damaged_cache(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    def damaged(folder: str, **options: str) -> Cache:
        (Path(folder) / "cache.db").write_bytes(b"no database" * 1000)
        return Cache(folder, **options)

    monkeypatch.setattr("symptomeme.text.kept.Cache", damaged)


def damaged_model(_: pytest.MonkeyPatch, model: Path) -> None:
    (model / "tokenizer.json").write_bytes(b"{}")


FAULTS: dict[str, Callable[[pytest.MonkeyPatch, Path], None]] = {
    "full disk": full_disk,
    "no Tesseract": no_tesseract,
    "two misspelt keys in `params.yaml`": misspelt,
    "stage before its inputs": nothing,
    "stage before its encoders": nothing,
    "stage before its checkpoint": nothing,
    "damaged cache below `.cache/`": damaged_cache,
    "model folder with a damaged file": damaged_model,
}
"""What is done before a command runs, with the model folder that `classify` is given."""


def test_the_table_has_a_row_for_each_fault_and_no_other() -> None:
    assert list(TABLE) == list(FAULTS)


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize(("name", "verb"), CELLS, ids=[f"{verb}: {name}" for name, verb in CELLS])
def test_it_is_told_in_one_line_and_nothing_is_written(
    name: str,
    verb: str,
    small_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_archive(Fault())
    commands = {
        "import-data": ["import-data", "anxiety", "../anxiety.zip", "--val-share", "0"],
        **{stage: [stage, "--task", "anxiety"] for stage in (*STAGES, "prealign", "register")},
        **{stage: [stage, "--task", "anxiety", "--variant", "fusion"] for stage in ("train", "evaluate")},
        "published": ["published", "--task", "anxiety", "--variant", "published"],
        "classify": ["classify", "data/axiom/train/images/TR-1.png", "--model", "../model"],
    }
    model = Path(shutil.copytree(small_model, "../model"))
    if FAULTS[name] is not nothing:
        before_it = ["import-data", "ingest", "validate"]
        for earlier in before_it[: before_it.index(verb)] if verb in before_it else before_it:
            assert main(commands[earlier]) == 0
    FAULTS[name](monkeypatch, model)
    before = files()
    capsys.readouterr()
    assert main(commands[verb]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(rf"symptomeme {verb}: [^\n]+\n", err), err
    assert [part for part in TABLE[name][1] if part not in err] == []
    assert files() == before
