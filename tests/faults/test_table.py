"""docs/bad-input.md, cell by cell: each fault through each command."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
from faults.fault import Fault, files, put, saved, seen, write_archive
from faults.plants import FAULTS, VERBS
from imagehash import hex_to_hash
from PIL import Image

from symptomeme.cli.main import main
from symptomeme.data import hostility
from symptomeme.data.duplicates import perceptual_hash

PAGE = Path(__file__).parents[2] / "docs/bad-input.md"
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.read_text().splitlines()]
TABLE = {
    row[0]: dict(zip(VERBS, row[1:], strict=True))
    for row in ROWS
    if len(row) == 1 + len(VERBS) and row[1] not in ("import-data", "---")
}
CELLS = [(name, verb) for name, row in TABLE.items() for verb, what in row.items() if what != "-"]
IMAGES = Path("data/axiom/train/images")
MEMES, VALID, QUARANTINE = (Path("artifacts/anxiety", name + ".parquet") for name in ("memes", "valid", "quarantine"))


class Done(NamedTuple):
    """A command's exit code and what it printed."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def typed(*words: str | Path) -> Done:
        capfd.readouterr()
        return Done(main([*map(str, words)]), *capfd.readouterr())

    return typed


def test_the_table_has_a_row_for_each_planted_fault_and_no_other() -> None:
    assert list(TABLE) == list(FAULTS)


@pytest.mark.parametrize("name", TABLE)
def test_a_fault_is_told_where_the_table_says_so(name: str) -> None:
    told = {verb for verb, what in TABLE[name].items() if what not in ("taken", "passed over", "-")}
    assert set(FAULTS[name].told) == told


@pytest.mark.parametrize(("name", "verb"), CELLS, ids=[f"{verb}: {name}" for name, verb in CELLS])
def test_cell(
    name: str, verb: str, workplace: Path, run: Run, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault, what = FAULTS[name], TABLE[name][verb]
    for limit, value in fault.limits.items():
        monkeypatch.setattr(hostility, limit, value)
    prepare(fault, verb, run, take=TABLE[name]["import-data"] == "taken")
    before = files()
    done = run(*command(fault, verb, small_model))
    told = fault.told.get(verb, "")
    if what == "refused":
        assert (done.code, done.out) == (1, "")
        assert re.fullmatch(rf"symptomeme {verb}: .*{re.escape(told)}.*\n", done.err), done.err
        assert files() == before
        return
    assert done.code == 0, done.err
    if verb == "import-data":
        assert told in done.out.partition("Left out or mended:")[2]
        assert ("Left out" in done.out) == (what == "left out")
        assert what == "left out" or pictures(IMAGES) == packed_pictures()
    elif verb == "ingest":
        check_ingested(fault, what, told)
    elif verb == "validate":
        check_validated(what, told)
    else:
        check_classified(fault, done, run, small_model)


def prepare(fault: Fault, verb: str, run: Run, *, take: bool) -> None:
    """Plant the fault, and run the commands before this one.

    Args:
        take: import-data takes it, so that it comes into data/ that way; else it is put there by hand.
    """
    if verb == "import-data" or (take and fault.picture):
        write_archive(fault)
    else:
        write_archive(Fault())
    if verb == "import-data":
        return
    assert run("import-data", "anxiety", "../anxiety.zip", "--val-share", "0").code == 0
    if fault.picture and not take:
        put(IMAGES / fault.name, fault.picture())
    if fault.line:
        metadata = IMAGES.parent / "metadata.jsonl"
        first, *others = metadata.read_text().splitlines()
        metadata.write_text("\n".join([fault.line(first), *others]) + "\n")
    if verb == "validate":
        assert run("ingest", "--task", "anxiety").code == 0
    if fault.by_hand:
        fault.by_hand(verb)


def command(fault: Fault, verb: str, small_model: Path) -> list[str | Path]:
    return {
        "import-data": ["import-data", "anxiety", "../anxiety.zip", "--val-share", "0"],
        "ingest": ["ingest", "--task", "anxiety"],
        "validate": ["validate", "--task", "anxiety"],
        "classify": ["classify", IMAGES / fault.name, "--model", small_model, "--text", "cannot sleep", "--json"],
    }[verb]


def pictures(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def packed_pictures() -> dict[str, bytes]:
    """The pictures of the archive that was imported, byte for byte."""
    with zipfile.ZipFile("../anxiety.zip") as packed:
        names = [name for name in packed.namelist() if name.startswith("anxiety_train_image/")]
        return {Path(name).name: packed.read(name) for name in names}


def check_ingested(fault: Fault, what: str, told: str) -> None:
    rows = pd.read_parquet(MEMES).set_index("key")
    assert len(rows) == 8
    row = rows.loc["train/TR-1"]
    assert rows["fault"].notna().sum() == (what == "marked")
    assert told in (row["fault"] or "")
    if fault.looks:
        assert (row["width"], row["height"]) == fault.looks().size
        assert hex_to_hash(row["phash"]) - hex_to_hash(perceptual_hash(fault.looks())) <= 2


def check_validated(what: str, told: str) -> None:
    bad = pd.read_parquet(QUARANTINE).set_index("key")["reason"].to_dict()
    good = set(pd.read_parquet(VALID)["key"])
    assert len(bad) + len(good) == 8
    assert list(bad) == (["train/TR-1"] if what == "quarantined" else [])
    assert all(told in reason for reason in bad.values())


def check_classified(fault: Fault, done: Done, run: Run, small_model: Path) -> None:
    """The same scores as for a plain picture that looks the same, and others than for another picture."""
    looks = fault.looks() if fault.looks else Image.open(io.BytesIO(fault.picture())) if fault.picture else seen()
    scores = {}
    for name, picture in {"same": looks.convert("RGB"), "other": looks.convert("RGB").rotate(180)}.items():
        put(Path(f"{name}.png"), saved(picture))
        told = run("classify", f"{name}.png", "--model", small_model, "--text", "cannot sleep", "--json").out
        scores[name] = list(json.loads(told)[0]["tasks"]["anxiety"]["probabilities"].values())
    found = list(json.loads(done.out)[0]["tasks"]["anxiety"]["probabilities"].values())
    assert found == pytest.approx(scores["same"], abs=1e-3)
    assert scores["same"] != pytest.approx(scores["other"], abs=1e-3)
