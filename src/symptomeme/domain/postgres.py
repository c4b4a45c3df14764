"""One Postgres for all state: SYMPTOMEME_POSTGRES gives the addresses of Prefect's and of MLflow's database."""

import os
import re
from typing import NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlsplit

from symptomeme.domain.errors import InputError

POSTGRES = "SYMPTOMEME_POSTGRES"
"""Environment variable: a server, its user and the password, without a database."""
FORM = "postgresql://USER:PASSWORD@HOST:PORT"
USUAL_PORT = 5432
DATABASES = {
    "PREFECT_API_DATABASE_CONNECTION_URL": ("asyncpg", "prefect"),
    "MLFLOW_TRACKING_URI": ("psycopg2", "mlflow"),
}
"""Variable: the driver that its reader uses, and the database."""


class Server(NamedTuple):
    """A Postgres server, and who comes."""

    user: str
    password: str | None
    host: str
    port: int | None

    def address(self, driver: str, database: str) -> str:
        """A database's address, as SQLAlchemy takes it; it holds the password."""
        who = quote(self.user, safe="")
        if self.password is not None:
            who += f":{quote(self.password, safe='')}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"postgresql+{driver}://{who}@{host}{f':{self.port}' if self.port else ''}/{database}"


def settle_databases() -> None:
    """Give this process, and what it starts, the addresses that the one setting makes; one that is set already wins.

    Raises:
        InputError: SYMPTOMEME_POSTGRES is no address of a server.
    """
    for variable, address in addresses().items():
        if not os.environ.get(variable):
            os.environ[variable] = address


def addresses() -> dict[str, str]:
    """Variables and what SYMPTOMEME_POSTGRES makes of each; none where it is not set.

    Raises:
        InputError: it is no address of a server.
    """
    given = os.environ.get(POSTGRES, "").strip()
    if not given:
        return {}
    server = server_of(given)
    return {variable: server.address(*where) for variable, where in DATABASES.items()}


def server_of(given: str) -> Server:
    """Read the setting's value.

    Raises:
        InputError: it is no address of a server. The message holds nothing that could be part of a password.
    """
    try:
        parts = urlsplit(given)
        fault, port = _fault(parts), parts.port
    except ValueError:  # a port that is no number, or brackets
        fault = "an address whose host or port cannot be read"
    if fault:
        raise InputError(
            f"{POSTGRES}: found {fault}. Allowed is {FORM}, where a / : @ ? # [ ] or % in the password is written "
            "as %2F %3A %40 %3F %23 %5B %5D %25. Set it anew, or unset it for SQLite."
        )
    password = None if parts.password is None else unquote(parts.password)
    return Server(unquote(parts.username or ""), password, parts.hostname or "", port)


def _fault(parts: SplitResult) -> str | None:
    """What is wrong with an address, in words that repeat nothing of it but its kind."""
    if parts.scheme not in ("postgresql", "postgres"):
        kind = parts.scheme if parts.netloc and re.fullmatch(r"[a-z0-9+]+", parts.scheme) else ""
        return f"an address that begins with {kind}://" if kind else "no address"
    if not parts.username:
        return "no user"
    if not parts.hostname:
        return "no host"
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        return "something behind HOST:PORT, where the two databases' names are added"
    return None
