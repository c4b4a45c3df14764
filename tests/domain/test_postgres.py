"""One setting makes both addresses; a value that is none is told without a word of it."""

import os

import pytest
from sqlalchemy import make_url

from symptomeme.cli.main import main
from symptomeme.domain.errors import InputError
from symptomeme.domain.postgres import DATABASES, POSTGRES, addresses, settle_databases

PREFECT, MLFLOW = DATABASES


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (POSTGRES, *DATABASES):
        monkeypatch.setenv(variable, "")


@pytest.mark.parametrize(
    ("given", "user", "password", "host", "port"),
    [
        ("postgresql://u:p@h:5433", "u", "p", "h", 5433),
        ("postgres://u:p@h/", "u", "p", "h", None),
        (" postgresql://u@h.example.org\n", "u", None, "h.example.org", None),
        ("postgresql://a%40b:%2F%25%3A%40%3F%23%5B%5D@[::1]:1", "a@b", "/%:@?#[]", "::1", 1),
        ("postgresql://u:p@ss%w@h", "u", "p@ss%w", "h", None),
    ],
)
def test_both_addresses_are_made_of_one_value(
    monkeypatch: pytest.MonkeyPatch, given: str, user: str, password: str | None, host: str, port: int | None
) -> None:
    monkeypatch.setenv(POSTGRES, given)
    settle_databases()
    for variable, (driver, database) in DATABASES.items():
        read = make_url(os.environ[variable])
        assert (read.username, read.password, read.host, read.port) == (user, password, host, port)
        assert (read.drivername, read.database) == (f"postgresql+{driver}", database)


def test_an_address_that_is_set_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(POSTGRES, "postgresql://u:p@h")
    monkeypatch.setenv(MLFLOW, "http://127.0.0.1:5000")
    settle_databases()
    assert os.environ[MLFLOW] == "http://127.0.0.1:5000"
    assert os.environ[PREFECT] == "postgresql+asyncpg://u:p@h/prefect"


def test_nothing_is_made_of_nothing() -> None:
    settle_databases()
    assert (addresses(), os.environ[PREFECT], os.environ[MLFLOW]) == ({}, "", "")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("secret", "no address"),
        ("secret://", "no address"),
        ("secret:word@h", "no address"),
        ("mysql://u:secret@h", "an address that begins with mysql://"),
        ("postgresql+asyncpg://u:secret@h", "an address that begins with postgresql+asyncpg://"),
        ("postgresql://h:5432", "no user"),
        ("postgresql://:secret@h", "no user"),
        ("postgresql://u:secret@", "no host"),
        ("postgresql://u:secret@h/secret", "something behind HOST:PORT"),
        ("postgresql://u:secret@h?sslmode=secret", "something behind HOST:PORT"),
        ("postgresql://u:se#cret@h", "an address whose host or port cannot be read"),
        ("postgresql://u:sec/ret@h", "an address whose host or port cannot be read"),
        ("postgresql://u:sec[ret@h", "an address whose host or port cannot be read"),
        ("postgresql://u:secret@h:secret", "an address whose host or port cannot be read"),
        ("postgresql://u:secret@h:99999", "an address whose host or port cannot be read"),
    ],
)
def test_a_value_that_is_no_server_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch, given: str, found: str
) -> None:
    monkeypatch.setenv(POSTGRES, given)
    with pytest.raises(InputError) as told:
        addresses()
    line = str(told.value)
    assert line.startswith(f"{POSTGRES}: found {found}")
    assert "Allowed is postgresql://USER:PASSWORD@HOST:PORT" in line
    assert [part for part in ("secret", "se#", "cret", "sec/", "\n") if part in line] == []


def test_a_command_tells_it_in_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(POSTGRES, "mysql://u:secret@h")
    assert main(["models"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"symptomeme models: {POSTGRES}: found an address that begins with mysql://")
    assert told.count("\n") == 1
