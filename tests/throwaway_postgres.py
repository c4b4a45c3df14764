"""A Postgres of a test's own, from the programs of this machine; nothing of it stays."""

import asyncio
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple
from urllib.parse import quote

import asyncpg

from symptomeme.domain.ports import LOOPBACK, free_port

OWNER = "keeper"  # of the databases, and no superuser
CORE = "Quince7Marrow"
PASSWORD = f"%/{CORE}@:#?[ü]"  # all that an address must have written otherwise
SUPERUSER, SUPERWORD = "postgres", "not told to the project"


def programs() -> Path | None:
    """The folder of Postgres's programs; Debian puts it outside PATH."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: place.parent.name, reverse=True)
    return next((place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists()), None)


def why_not() -> str | None:
    """Why none can be started here; None when it can."""
    if programs() is None:
        return "no initdb in PATH or in /usr/lib/postgresql/*/bin; Debian's package postgresql brings it"
    if os.geteuid() == 0 and not (shutil.which("runuser") and _has_user()):
        return "Postgres does not run as root, and there is no user postgres to start it as"
    return None


def _has_user() -> bool:
    try:
        return bool(pwd.getpwnam("postgres"))
    except KeyError:
        return False


class Postgres(NamedTuple):
    """A server that runs, whose user OWNER has no database yet."""

    port: int

    def setting(self, password: str = PASSWORD) -> str:
        """What the project is told."""
        return f"postgresql://{OWNER}:{quote(password, safe='')}@{LOOPBACK}:{self.port}"

    def rows(self, statement: str, *, database: str = SUPERUSER) -> list[tuple[Any, ...]]:
        """What a statement of the superuser's finds or does."""

        async def ask() -> list[tuple[Any, ...]]:
            connection = await asyncpg.connect(
                host=LOOPBACK, port=self.port, user=SUPERUSER, password=SUPERWORD, database=database
            )
            try:
                return [tuple(row) for row in await connection.fetch(statement)]
            finally:
                await connection.close()

        return asyncio.run(ask())

    def dump(self, database: str) -> str:
        """All that a database holds."""
        place = programs()
        assert place is not None
        where = ["--host", LOOPBACK, "--port", str(self.port), "--username", SUPERUSER]
        command = [str(place / "pg_dump"), "--no-password", *where, database]
        told = subprocess.run(
            command, env={**os.environ, "PGPASSWORD": SUPERWORD}, capture_output=True, text=True, check=True
        ).stdout
        return "\n".join(line for line in told.splitlines() if "restrict " not in line)  # a word at random


@contextmanager
def throwaway_postgres() -> Iterator[Postgres]:
    """One on a free port of loopback, which asks all for a password."""
    folder, place, port = Path(mkdtemp(prefix="symptomeme-postgres-")), programs(), free_port()
    assert place is not None
    (folder / "password").write_text(SUPERWORD)
    if os.geteuid() == 0:
        for path in (folder, folder / "password"):
            shutil.chown(path, "postgres")

    def postgres(name: str, *words: str) -> None:
        other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*other, str(place / name), "--pgdata", f"{folder}/data", *words]
        # pg_ctl's server would hold a pipe open
        with (folder / "told").open("a+") as told:
            code = subprocess.run(command, cwd="/", stdout=told, stderr=told, check=False).returncode
            told.seek(0)
            assert code == 0, told.read()[-2000:]

    try:
        who = ("--username", SUPERUSER, "--pwfile", f"{folder}/password", "--auth", "scram-sha-256")
        postgres("initdb", *who, "--encoding", "UTF8", "--no-locale", "--no-sync")
        options = f"-p {port} -c listen_addresses={LOOPBACK} -c unix_socket_directories={folder} -c fsync=off"
        postgres("pg_ctl", "start", "--wait", "--timeout", "300", "--log", f"{folder}/log", "--options", options)
        try:
            found = Postgres(port)
            found.rows(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{PASSWORD}'")
            yield found
        finally:
            postgres("pg_ctl", "stop", "--wait", "--timeout", "300", "--mode", "fast")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
