"""What the table of memes holds of each picture, looked at in several processes."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from symptomeme.data.duplicates import perceptual_hash
from symptomeme.data.transforms import decode
from symptomeme.domain.errors import ImageError, InputError
from symptomeme.domain.progress import progress
from symptomeme.domain.workers import in_workers

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
    looks = in_workers(look_at, paths, workers=max(2, os.cpu_count() or 2), chunk=_BATCH)
    return list(progress(looks, what=what, total=len(paths)))
