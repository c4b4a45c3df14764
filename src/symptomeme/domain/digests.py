"""Digests: what a cache entry or a model is known by."""

import hashlib
import json
import math
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from symptomeme.domain.progress import progress

_BLOCK = 2**20  # bytes


def of_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def of_folder(path: Path) -> str:
    """SHA-256 over the relative names and digests of all files in a folder."""
    names = files_in(path)
    digests = {name: hashlib.sha256() for name in names}
    blocks = sum(math.ceil((path / name).stat().st_size / _BLOCK) for name in names)
    for name, block in progress(_blocks(path, names), what="hashing", unit="MiB", total=blocks):
        digests[name].update(block)
    return of_value({name: digest.hexdigest() for name, digest in digests.items()})


def _blocks(path: Path, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """The bytes of each file, a block at a time."""
    for name in names:
        with (path / name).open("rb") as stream:
            while block := stream.read(_BLOCK):
                yield name, block


def files_in(path: Path) -> list[str]:
    """Relative names of all files in a folder, sorted."""
    return sorted(found.relative_to(path).as_posix() for found in path.rglob("*") if found.is_file())


def of_text(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def of_value(value: Any) -> str:
    """SHA-256 of anything JSON can hold."""
    return of_text(json.dumps(value, sort_keys=True, ensure_ascii=False))


def of_code(packages: Iterable[str]) -> str:
    """SHA-256 over the source of every loaded module of this package, and the versions of the named packages."""
    ours = {
        name: of_file(Path(place))
        for name, module in sorted(sys.modules.items())
        if name.startswith("symptomeme.")
        and not name.startswith("symptomeme.cli")
        and (place := getattr(module, "__file__", None))
    }
    return of_value([ours, {name: str(getattr(sys.modules.get(name), "__version__", "")) for name in packages}])
