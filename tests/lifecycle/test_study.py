"""The study's report after a run of some rows; what DVC says is made up (the contract's tests ask DVC itself)."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from made_up_memes import write_memes

from symptomeme.cli.main import main
from symptomeme.domain.labels import DEPRESSION
from symptomeme.domain.layout import dataset_paths, study_report, task_paths
from symptomeme.domain.params import read_params
from symptomeme.domain.study_params import read_study
from symptomeme.domain.writing import write_json
from symptomeme.lifecycle import study

ROOT = Path(__file__).parents[2]
MADE = ("commonest", "every_label", "tfidf")
NOT_THERE = "it was not asked for, and its cells are missing or stale"

Report = Callable[..., str]


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    """Report on a task of which some cells were made, after a run of some rows; of the others DVC calls some stale."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "studies", "studies")
    shutil.copy(ROOT / "profiles/sample.yaml", "params.yaml")
    write_memes(DEPRESSION, task_paths("depression"))
    write_json(dataset_paths(DEPRESSION.dataset).source, {"kind": "sample"})
    for method in MADE:
        assert main(["baseline", "--task", "depression", "--method", method]) == 0
    params = read_params()
    rows = read_study(params)

    def made(*asked: str, failed: tuple[str, ...] = (), stale: tuple[str, ...] = ()) -> str:
        def status(*arguments: str) -> str:
            assert arguments == ("status", "--json", "studies/dvc.yaml")
            every = rows.cells("depression", [42], rows.names)
            old = [cell.address for cell in every if cell.name in stale or cell.name not in MADE]
            return json.dumps({address: ["changed deps"] for address in old})

        monkeypatch.setattr(study, "dvc_output", status)
        addresses = {cell.address for cell in rows.cells("depression", [42], failed)}
        return study.report(DEPRESSION, asked or rows.names, addresses, [42], rows, params)

    return made


def rows_of_csv() -> list[str]:
    return list(dict.fromkeys(pd.read_csv(study_report("depression") / "study.csv").row))


def test_after_a_run_of_some_rows_the_others_that_are_up_to_date_stay_in_the_report(report: Report) -> None:
    printed = report("every_label")
    assert rows_of_csv() == list(MADE)
    assert (study_report("depression") / "study.md").read_text() in printed
    assert f"- full: {NOT_THERE}." in printed
    assert "- tfidf" not in printed


def test_rows_that_were_not_asked_for_and_are_stale_are_left_out(report: Report) -> None:
    printed = report("every_label", stale=("tfidf",))
    assert rows_of_csv() == ["commonest", "every_label"]
    assert f"- tfidf: {NOT_THERE}." in printed


def test_a_row_that_was_asked_for_and_failed_is_told_so(report: Report) -> None:
    assert "- tfidf: its stage failed." in report("tfidf", "commonest", failed=("tfidf",))
    assert rows_of_csv() == ["commonest", "every_label"]


def test_where_all_rows_were_asked_for_what_dvc_calls_stale_is_theirs_to_tell(report: Report) -> None:
    others = [name for name in read_study(read_params()).names if name not in MADE]
    printed = report(failed=tuple(others), stale=("tfidf",))
    assert "- full: its stage failed." in printed
    assert NOT_THERE not in printed
    assert rows_of_csv() == list(MADE)


def test_where_dvc_cannot_tell_no_cell_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study, "dvc_output", lambda *_: "")
    assert study.not_up_to_date(["one", "other"]) == {"one", "other"}
    assert study.not_up_to_date([]) == set()
