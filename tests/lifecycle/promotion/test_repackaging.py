"""What becomes champion is what is served: promote and rollback package where something is live."""

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from promotion_project import NAME, TRAINED, UNTRAINED, locked_database
from running_service import ROOT, service, versions_while

from symptomeme.cli.main import main
from symptomeme.domain.layout import PROMOTIONS, StatePaths
from symptomeme.domain.params import read_params
from symptomeme.domain.pointer import read_live
from symptomeme.domain.writing import read_log
from symptomeme.lifecycle import package
from symptomeme.lifecycle.registry import Registry

Offer, Run = Callable[..., None], Callable[..., Any]
PROMOTE, ROLLBACK = ("promote", "--task", "depression"), ("rollback", "--task", "depression")


@pytest.fixture
def packaged(offer: Offer, bentoml_home: Path) -> None:
    """The first version is live, the second is the challenger."""
    for name in ("bentofile.yaml", "requirements.lock"):
        shutil.copy(ROOT / name, name)
    offer(UNTRAINED, TRAINED)
    package.package_champions(read_params(), try_out=lambda *_: None)


@pytest.fixture
def unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Built Bentos are sent no request."""
    monkeypatch.setitem(package.package_champions.__kwdefaults__, "try_out", lambda *_: None)


def served() -> str:
    live = read_live(StatePaths().live)
    assert live is not None
    return live.models["depression"].version


@pytest.mark.acceptance
@pytest.mark.usefixtures("packaged")
def test_a_running_service_answers_with_what_was_promoted_and_no_request_fails(run: Run) -> None:
    told: list[dict[str, Any]] = []
    with service() as url:
        answered = versions_while(url, "depression", lambda: told.append(run(*PROMOTE, "--json")), to=TRAINED)
    assert {version for versions in answered for version in versions} == {UNTRAINED, TRAINED}
    assert answered == [sorted(versions) for versions in answered]  # each caller sees them switch once
    assert (told[0]["promoted"], told[0]["package"]["moved"]) == (True, True)
    assert told[0]["package"]["models"]["depression"]["version"] == TRAINED


@pytest.mark.usefixtures("packaged", "unasked")
def test_rollback_packages_too_unless_told_not_to(run: Run) -> None:
    assert run(*PROMOTE, "--json", "--no-package")["package"] is None
    assert served() == UNTRAINED
    assert run(*PROMOTE, "--json")["package"]["moved"]  # it is champion already, and served from now on
    assert served() == TRAINED
    assert " live.\n" in run(*ROLLBACK)
    assert served() == UNTRAINED
    assert run(*PROMOTE, "--json", "--dry-run")["package"] is None


def test_where_nothing_was_ever_packaged_nothing_is(offer: Offer, run: Run) -> None:
    offer(UNTRAINED, TRAINED)
    assert run(*PROMOTE, "--json")["package"] is None
    assert run(*ROLLBACK, "--json")["package"] is None
    assert not StatePaths().live.exists()


@pytest.mark.usefixtures("packaged", "unasked")
def test_models_tells_when_a_champion_is_not_what_is_live(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run(*PROMOTE, "--no-package")
    assert main(["models"]) == 0
    assert capsys.readouterr().err == (
        f"{NAME} {TRAINED} is champion, but what is live is version {UNTRAINED}. Run 'symptomeme package'.\n"
    )
    run("package")
    assert main(["models"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("packaged", "unasked")
def test_a_champion_that_was_pointed_to_by_hand_is_logged_before_it_is_served(registry: Registry, run: Run) -> None:
    registry.point(NAME, "champion", TRAINED)
    run("package")
    assert served() == TRAINED
    row = read_log(PROMOTIONS)[0][-1]
    assert (row["kind"], row["alias"], row["from"], row["to"]) == ("manual", "champion", UNTRAINED, TRAINED)


@pytest.mark.usefixtures("packaged", "unasked")
def test_when_packaging_fails_one_line_tells_what_is_served(
    registry: Registry, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "there")

    with monkeypatch.context() as broken:
        broken.setattr(package, "write_live", no_room)
        assert main([*PROMOTE, "--json"]) == 1
    out, err = capsys.readouterr()
    assert (out, err) == (
        "",
        f"symptomeme promote: the champion of {NAME} is version {TRAINED} now, but the service still answers with the "
        "old models, for packaging failed: No space left on device. Mend that, then run 'symptomeme package'.\n",
    )
    assert registry.standing(NAME).aliases["champion"] == TRAINED
    assert served() == UNTRAINED
    run("package")
    assert served() == TRAINED


@pytest.mark.usefixtures("packaged", "unasked")
@pytest.mark.parametrize("how", ["deleted", "nowhere"])
def test_without_a_champion_what_is_live_stays_and_a_line_says_what_to_do(
    registry: Registry, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    if how == "deleted":
        registry.client.delete_model_version(NAME, UNTRAINED)
    else:
        with sqlite3.connect("mlruns.db") as database:
            database.execute("update registered_model_aliases set version = 99 where alias = 'champion'")
        database.close()
    before = StatePaths().live.read_bytes()
    capsys.readouterr()
    assert main(["package"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"symptomeme package: {NAME} has no champion: it was deleted by hand")
    assert "'symptomeme rollback" in told
    assert told.count("\n") == 1
    assert StatePaths().live.read_bytes() == before


@pytest.mark.usefixtures("packaged", "unasked")
def test_a_locked_database_leaves_what_is_live(capsys: pytest.CaptureFixture[str], registry: Registry) -> None:
    registry.point(NAME, "champion", TRAINED)
    capsys.readouterr()
    with locked_database("exclusive"):
        assert main(["package"]) == 1
    told = capsys.readouterr().err
    assert "database is locked by another process. Let that end, then run it again.\n" in told
    assert served() == UNTRAINED
