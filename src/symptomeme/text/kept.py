"""What was read or answered once, kept on disk for the next run."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from diskcache import Cache, Timeout

from symptomeme.domain.errors import ToolError
from symptomeme.domain.writing import telling_of_room


@contextmanager
def kept_in(folder: Path) -> Iterator[Cache]:
    """Open the cache in `folder`; what is kept in it is small, so that nothing is ever thrown out.

    Raises:
        OSError: the disk is full (ENOSPC).
        ToolError: it is damaged, locked or not writable.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with telling_of_room(folder, within=folder), Cache(str(folder), eviction_policy="none") as store:
            yield store
    except (sqlite3.OperationalError, Timeout) as error:
        raise ToolError(f"{folder}: {error or 'database is locked'}. Mend that and run it again.") from None
    except sqlite3.DatabaseError as error:
        raise ToolError(
            f"{folder}: this cache is damaged ({error}). Delete the folder and run it again; what it kept is made anew."
        ) from None
