from pathlib import Path

import mlflow
import pytest

from symptomeme.lifecycle.database import make_database


class Making:
    """MLflow's client, which makes the database when it is first asked."""

    def __init__(self, uri: str) -> None:
        self.path = Path(uri.removeprefix("sqlite:///"))

    def search_experiments(self, **_: object) -> None:
        self.path.write_text("new")


def test_a_making_that_is_cut_off_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class CutOff(Making):
        def search_experiments(self, **_: object) -> None:
            self.path.write_text("half")
            raise KeyboardInterrupt

    monkeypatch.setattr(mlflow, "MlflowClient", CutOff)
    with pytest.raises(KeyboardInterrupt):
        make_database(tmp_path / "mlruns.db")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(mlflow, "MlflowClient", Making)
    make_database(tmp_path / "mlruns.db")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("mlruns.db", "new")]


def test_the_one_that_another_process_made_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Late(Making):
        def search_experiments(self, **_: object) -> None:
            super().search_experiments()
            (tmp_path / "mlruns.db").write_text("theirs")

    monkeypatch.setattr(mlflow, "MlflowClient", Late)
    make_database(tmp_path / "mlruns.db")
    assert (tmp_path / "mlruns.db").read_text() == "theirs"
