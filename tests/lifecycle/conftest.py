"""A registry on sqlite, and candidates for it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from symptomeme.lifecycle.candidate import DATA_KIND, KIND, TASK, VARIANT, Candidate
from symptomeme.lifecycle.database import make_database
from symptomeme.lifecycle.registry import Registry

MakeCandidate = Callable[..., Candidate]


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the database."""
    folder = tmp_path_factory.mktemp("registry")
    make_database(folder / "mlruns.db")
    return folder


@pytest.fixture
def registry(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """One registry for all tests, each with model names of its own."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(place)
    return Registry(experiment="test")


@pytest.fixture
def candidate(tmp_path: Path) -> MakeCandidate:
    """Make a candidate with a made-up model folder."""

    def make(digest: str, *, data: str = "published", kind: str = "variant", model: Path | None = None) -> Candidate:
        folder = tmp_path / digest / "model"
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(f'{{"made_up": "{digest}"}}')
        return Candidate(
            digest=digest,
            tags={TASK: "anxiety", VARIANT: "fusion", DATA_KIND: data, KIND: kind},
            params={"base.seed": "42"},
            metrics={"val.published.macro_f1.value": 0.5},
            curves={"val_macro_f1": [(1, 0.4), (2, 0.5)]},
            model=model or folder,
            files={"evaluation": [folder / "config.json"]},
            description=f"made up, {digest}",
        )

    return make
