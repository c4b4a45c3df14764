"""The whole of `symptomeme monitor` on a real registry: champion's reference, kept requests, pages, exit codes."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest
import yaml
from made_up_rows import memes

from symptomeme.cli.main import main
from symptomeme.domain.labels import ANXIETY
from symptomeme.domain.layout import StatePaths
from symptomeme.domain.records import REFERENCE_ROWS, TRAINING_ROWS, write_rows
from symptomeme.domain.requests import RequestRow, keep_requests

OPTIONS = {"permutations": 1999, "false_alarms": 0.005}


def as_task(rows: pd.DataFrame) -> pd.DataFrame:
    """The made-up three classes as the first three of the task."""
    more = len(ANXIETY.labels) - 3
    return rows.assign(probabilities=[[*found, *[0.0] * more] for found in rows.probabilities])


def keep(rows: pd.DataFrame, version: str) -> None:
    keep_requests(
        StatePaths().requests,
        [
            RequestRow(
                at=datetime.now(UTC), request_id=str(index), sha256=str(index), task="anxiety", model_version=version,
                text_length=row.text_length, ocr_confidence=None if pd.isna(row.ocr_confidence) else row.ocr_confidence,
                probabilities=dict(zip(ANXIETY.labels, row.probabilities, strict=True)), labels=[],
                abstain=row.abstain, embedding=row.embedding,
            )
            for index, row in as_task(rows).iterrows()
        ],
    )  # fmt: skip


@pytest.fixture
def version(registry, candidate, workplace, monkeypatch):
    """The version of a champion with a reference; the current folder has no new memes."""
    monkeypatch.chdir(workplace)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry.uri)
    params = yaml.safe_load((workplace / "params.yaml").read_text())
    params["monitor"] |= OPTIONS
    params["register"]["model_prefix"] = f"watched-{workplace.parent.name}"
    (workplace / "params.yaml").write_text(yaml.safe_dump(params))
    write_rows(workplace / "made/reference.parquet", as_task(memes(80, seed=100)), REFERENCE_ROWS)
    write_rows(workplace / "made/training_memes.parquet", [], TRAINING_ROWS)
    files = {
        "reference": [workplace / "made/reference.parquet"],
        "training": [workplace / "made/training_memes.parquet"],
    }
    name = f"{params['register']['model_prefix']}-anxiety"
    added = registry.add(name, replace(candidate(f"watched-{workplace.parent.name}"), files=files))
    registry.point(name, "champion", added.version)
    (workplace / "none").mkdir()
    return str(added.version)


def monitor(capsys, *options):
    code = main(["monitor", "--task", "anxiety", "--memes", "none", *options])
    return code, capsys.readouterr()


def test_requests_of_other_length_are_an_alarm_with_its_own_exit_code(version, capsys, workplace):
    keep(memes(60, seed=0, length=90), version)
    code, told = monitor(capsys)
    assert code == 3
    assert "ALARM, against 80 validation memes" in told.out
    kept = json.loads((workplace / "state/monitor/anxiety.json").read_text())
    assert (kept["alarm"], kept["rows"], kept["model_version"]) == (True, 60, version)
    assert {found["name"] for found in kept["criteria"] if found["alarm"]} == {"text_length"}
    page = (workplace / kept["report"]).read_text()
    assert "no alarm" in page
    assert ", against the 80 validation memes of the model." in page  # on which not every model was calibrated
    page = (workplace / "reports/monitor/anxiety/requests.html").read_text()
    assert "Kolmogorov-Smirnov distance" in page
    assert 'src="http' not in page
    code, told = monitor(capsys, "--json")
    assert (code, json.loads(told.out)["alarm"]) == (0, True)


def test_requests_like_the_reference_are_none(version, capsys):
    keep(memes(60, seed=1), version)
    code, told = monitor(capsys, "--out", "pages")
    assert (code, told.out.count("ALARM")) == (0, 0)


def test_too_few_rows_are_told_and_are_no_alarm(version, capsys):
    keep(memes(29, seed=0, length=200), version)
    code, told = monitor(capsys)
    assert code == 0
    assert "requests: 29 rows, too few rows: 29 new, 80 in the reference, at least 30 of each are compared" in told.out
    assert "memes: 0 rows, nothing new" in told.out


def test_a_champion_without_reference_is_told_in_one_line(version, capsys, registry, candidate, workplace):
    name = f"watched-{workplace.parent.name}-anxiety"
    bare = registry.add(name, candidate("bare"))
    registry.point(name, "champion", bare.version)
    capsys.readouterr()  # MLflow tells of registering
    code, told = monitor(capsys)
    assert code == 1
    assert told.err.startswith(f"symptomeme monitor: {name} 2: reference/reference.parquet is not among the artifacts")
    assert told.err.count("\n") == 1
