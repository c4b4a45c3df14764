"""What the table of memes holds of each picture, looked at in several processes."""

import hashlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from symptomeme.data.duplicates import perceptual_hash
from symptomeme.data.transforms import decode
from symptomeme.domain.errors import ImageError, InputError
from symptomeme.domain.interrupts import held_back
from symptomeme.domain.progress import progress

POOL_FROM = 64  # pictures; fewer are looked at sooner than a pool starts
_BATCH = 8  # pictures a process is handed at once


class Look(NamedTuple):
    """Facts of one picture; size and hash are None, and `fault` tells why, when it cannot be read."""

    sha256: str
    width: int | None  # pixels, as shown
    height: int | None
    phash: str | None
    fault: str | None


def look_at(path: Path) -> Look:
    """Look at one picture.

    Raises:
        InputError: the file is missing.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path} is missing: run 'dvc checkout' or 'dvc pull', or import the data again.") from None
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        picture = decode(data)
    except ImageError as error:
        return Look(sha256, None, None, None, str(error))
    return Look(sha256, picture.width, picture.height, perceptual_hash(picture), None)


def look_at_all(paths: Sequence[Path], *, what: str) -> list[Look]:
    """Look at pictures, in their order, with a progress bar called `what`.

    Raises:
        InputError: a file is missing.
    """
    if len(paths) < POOL_FROM:
        return [look_at(path) for path in progress(paths, what=what)]
    # spawn: a fork would copy the locks of threads that pyarrow and tqdm run in this process
    pool = ProcessPoolExecutor(
        max_workers=max(2, os.cpu_count() or 2),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
    )
    with pool:
        try:
            with held_back():  # the pool starts its processes as work is handed in
                looks = pool.map(look_at, paths, chunksize=_BATCH)
            return list(progress(looks, what=what, total=len(paths)))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, and end when it ends, even by SIGKILL."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
