"""The journal of a run that goes on where it was."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import measured_runs
import pytest
from kept_runs import KEPT

from symptomeme.domain.labels import ANXIETY

MADE_OF = {"params": "p", "data": "d", "variants": ["fusion"]}


@pytest.fixture
def journal(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of a journal whose stages take no time, beside a log; the commit is `new`."""

    def run(*_: Any, again: bool) -> Iterator[tuple[float, str]]:
        yield 0.0, "ended"
        yield 1.0, "ran"

    monkeypatch.setattr(measured_runs, "seconds_of", run)
    monkeypatch.setattr(measured_runs, "_size", lambda *_: {"memes": 1, "epochs": 1})
    monkeypatch.setattr(measured_runs, "commit", lambda: "new")
    path = workplace / KEPT / "anxiety/1.journal.json"
    path.parent.mkdir(parents=True)
    path.with_name("1.log").write_text("Running stage 'ingest@anxiety'")
    return path


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, ["new"]),
        ({"goes": 1, "seconds": 2.0, "how": "ended"}, ["unknown", "new"]),  # written before commits were noted
        ({"goes": 1, "seconds": 2.0, "how": "ended", "commits": ["old"]}, ["old", "new"]),
        ({"goes": 2, "seconds": 2.0, "how": "ended", "commits": ["new"]}, ["new"]),
        ({"goes": 1, "seconds": 2.0, "how": "unchanged", "commits": ["old"]}, ["new"]),
    ],
)
def test_each_go_of_a_stage_notes_its_commit(journal: Path, before: dict[str, Any], after: list[str]) -> None:
    stages = {"ingest@anxiety": before} if before else {}
    journal.write_text(json.dumps({"made_of": MADE_OF, "stages": stages}))
    found = measured_runs._run(ANXIETY, 1, ["ingest@anxiety"], MADE_OF)
    assert found["ingest@anxiety"]["commits"] == after
    assert journal.with_name("1.log").is_file()


def test_a_journal_of_other_params_is_begun_anew_with_its_log(journal: Path) -> None:
    stages = {"ingest@anxiety": {"goes": 1, "seconds": 2.0, "how": "ended", "commits": ["old"]}}
    journal.write_text(json.dumps({"made_of": {**MADE_OF, "params": "other"}, "stages": stages}))
    found = measured_runs._run(ANXIETY, 1, ["ingest@anxiety"], MADE_OF)
    assert found["ingest@anxiety"]["commits"] == ["new"]
    assert not journal.with_name("1.log").exists()
