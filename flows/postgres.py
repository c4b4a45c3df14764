"""The databases of SYMPTOMEME_POSTGRES, looked at before anything is started on them; a fault comes in one line."""

import asyncio
import os
from importlib.util import find_spec

import asyncpg

from flows.programs import ServerError
from symptomeme.domain.addresses import without_password
from symptomeme.domain.postgres import DATABASES, POSTGRES, USUAL_PORT, Server, addresses, server_of

PATIENCE = 10  # seconds until the server must answer
MAY_MAKE_TABLES = "SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)"


def look_at_databases() -> None:
    """See that the databases can be used, as far as SYMPTOMEME_POSTGRES names them: one set otherwise is left alone.

    Raises:
        ServerError: a driver is not installed, the server does not answer or refuses, or a database is not ready.
    """
    wanted = [DATABASES[name] for name, address in addresses().items() if os.environ.get(name) == address]
    for driver, _ in wanted:
        if find_spec(driver) is None:
            raise ServerError(
                f"{POSTGRES}: the driver {driver} is not installed. "
                "Type pip install -c requirements.lock -e '.[postgres]'"
            )
    for _, database in wanted:
        server = server_of(os.environ[POSTGRES].strip())
        if fault := asyncio.run(_fault(server, database)):
            raise ServerError(f"{POSTGRES}: {fault}")


async def _fault(server: Server, database: str) -> str | None:
    """What keeps this database from being used, and what to do; None when nothing does."""
    at = f"{server.host}:{server.port or USUAL_PORT}"
    owned = f'OWNER "{server.user}"'
    try:
        connection = await asyncpg.connect(
            host=server.host,
            port=server.port or USUAL_PORT,
            user=server.user,
            password=server.password,
            database=database,
            timeout=PATIENCE,
        )
        try:
            may = await connection.fetchval(MAY_MAKE_TABLES)
        finally:
            await connection.close()
    except asyncpg.InvalidCatalogNameError:
        return f"the server at {at} has no database {database}. Make it there: CREATE DATABASE {database} {owned}"
    except asyncpg.InvalidAuthorizationSpecificationError as error:  # InvalidPasswordError is one
        return (
            f"the server at {at} refuses: {_told(error)}. Set the right user and password, or let that user in there."
        )
    except (OSError, TimeoutError) as error:
        return f"no server answers at {at} ({_told(error)}). Start it, set the right address, or unset it for SQLite."
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return f"the server at {at}, database {database}: {_told(error)}. Mend that there and start again."
    if not may:
        return (
            f"{server.user} may not make tables in database {database} at {at}. Give it to that user there: "
            f'ALTER DATABASE {database} OWNER TO "{server.user}"'
        )
    return None


def _told(error: Exception) -> str:
    return without_password(" ".join(str(error).split())[:200].rstrip(".")) or type(error).__name__
