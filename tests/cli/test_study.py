"""What `symptomeme study` and the verbs of its stages refuse, before anything runs."""

import shutil
from pathlib import Path

import pytest

from symptomeme.cli.main import main
from symptomeme.lifecycle import study

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "studies", "studies")
    shutil.copy(ROOT / "profiles/sample.yaml", "params.yaml")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--seeds", "0"], "--seeds 0: expected 1 or more."),
        (["--rows", "fulll"], "row 'fulll' is not under `study` in studies/params.yaml; expected one of commonest,"),
    ],
)
def test_what_cannot_be_studied_is_told_in_one_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", *arguments]) == 1
    assert told in (line := capsys.readouterr().err)
    assert line.count("\n") == 1


def test_a_task_that_params_leave_out_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("  depression: restore\n", ""))
    assert main(["study", "--task", "depression"]) == 1
    assert "task 'depression' is not under `tasks` in params.yaml; it has anxiety." in capsys.readouterr().err


def test_a_variant_that_the_study_does_not_know_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ablation", "--task", "anxiety", "--variant", "fulll", "--seed", "1"]) == 1
    told = "variant 'fulll' is not under `study.ablations` in studies/params.yaml; expected one of text_encoder,"
    assert told in capsys.readouterr().err


def test_a_graph_that_has_not_run_is_to_be_run_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(study, "dvc_output", lambda *_: '{"ocr@anxiety": [{"changed deps": {}}]}')
    before = Path("studies/asked.yaml").read_text()
    assert main(["study", "--task", "anxiety"]) == 1
    told = "what the graph left of anxiety is not up to date (changed: ocr@anxiety). Run 'dvc repro' first."
    assert told in capsys.readouterr().err
    assert Path("studies/asked.yaml").read_text() == before
