from pathlib import Path

import pytest
import yaml

from symptomeme.domain.threads import THREADS, threads_here

PROFILE = Path(__file__).parents[2] / "profiles/sample.yaml"


def test_a_project_says_how_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = yaml.safe_load(PROFILE.read_text())
    params["base"]["threads"] = 3
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    monkeypatch.chdir(tmp_path)
    assert threads_here() == 3


@pytest.mark.parametrize("others", [None, "learning_rate: 3"])
def test_outside_of_a_project_it_is_as_in_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others: str | None
) -> None:
    if others:  # params.yaml is the usual name in all of DVC's projects
        (tmp_path / "params.yaml").write_text(others)
    monkeypatch.chdir(tmp_path)
    assert threads_here() == THREADS == 1
