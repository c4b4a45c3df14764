"""What was read or answered once, kept on disk for the next run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from diskcache import Cache

from symptomeme.domain.writing import telling_of_room


@contextmanager
def kept_in(folder: Path) -> Iterator[Cache]:
    """Open the cache in `folder`; what is kept in it is small, so that nothing is ever thrown out.

    Raises:
        OSError: the disk is full (ENOSPC).
    """
    folder.mkdir(parents=True, exist_ok=True)
    with telling_of_room(folder, within=folder), Cache(str(folder), eviction_policy="none") as store:
        yield store
