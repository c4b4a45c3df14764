"""data.dvc: which version of data/ DVC holds, and what is in it."""

import json
from pathlib import Path

import yaml

from symptomeme.domain.layout import DATA

POINTER = Path("data.dvc")
CACHE = Path(".dvc/cache/files/md5")


def version() -> str | None:
    """The hash that data.dvc tells; None when it is not what DVC writes.

    Raises:
        FileNotFoundError: there is no data.dvc.
    """
    try:
        return str(yaml.safe_load(POINTER.read_text(encoding="utf-8"))["outs"][0]["md5"])
    except (yaml.YAMLError, UnicodeDecodeError, LookupError, TypeError):
        return None


def may_hold(path: Path) -> bool:
    """Whether DVC can bring this folder below data/: false only where the list of what it holds is here without it."""
    try:
        found = version() or ""
        files = json.loads((CACHE / found[:2] / found[2:]).read_text(encoding="utf-8"))
        names = [DATA / file["relpath"] for file in files]
    except (OSError, ValueError, LookupError, TypeError):
        return POINTER.exists()
    return any(name.is_relative_to(path) for name in names)
