"""What is told before anything is started on a Postgres that cannot be used. With a real one: tests/acceptance."""

import subprocess
import sys
from pathlib import Path

import pytest

from flows import postgres
from flows.postgres import look_at_databases
from flows.programs import ServerError
from symptomeme.domain.ports import free_port
from symptomeme.domain.postgres import DATABASES, POSTGRES, settle_databases

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    """Where no server answers, though the setting says so."""
    for variable in DATABASES:
        monkeypatch.setenv(variable, "")
    nowhere = free_port()
    monkeypatch.setenv(POSTGRES, f"postgresql://u:secret@127.0.0.1:{nowhere}")
    return nowhere


def test_a_server_that_is_away_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setattr(postgres, "find_spec", lambda name: name)
    settle_databases()
    with pytest.raises(ServerError, match=f"^{POSTGRES}: no server answers at 127.0.0.1:{port} .* Start it") as told:
        look_at_databases()
    assert [part for part in ("secret", "\n") if part in str(told.value)] == []


def test_a_driver_that_is_missing_is_told_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "find_spec", lambda name: None if name == "psycopg2" else name)
    settle_databases()
    with pytest.raises(ServerError, match=rf"^{POSTGRES}: the driver psycopg2 is not installed\. Type pip install .*"):
        look_at_databases()


def test_what_has_another_address_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in DATABASES:
        monkeypatch.setenv(variable, "sqlite:///elsewhere.db")
    settle_databases()
    look_at_databases()
    monkeypatch.setenv(next(iter(DATABASES)), "")
    settle_databases()
    with pytest.raises(ServerError, match="no server answers"):
        look_at_databases()


def test_a_value_that_is_no_address_ends_a_run_with_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(POSTGRES, "postgresql://u:secret@h:port")
    command = [sys.executable, "-m", "flows.server"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"flows: {POSTGRES}: found an address whose host or port cannot be read. Allowed is ")
    assert "secret" not in done.stderr
