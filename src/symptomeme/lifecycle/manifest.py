"""What a registered model's folder held when it was registered, file by file, and whether it still does."""

import json
from pathlib import Path

from symptomeme.domain.digests import files_in, of_file, of_value
from symptomeme.domain.errors import UnconfirmedError
from symptomeme.domain.writing import write_json

MANIFEST = "digests.json"

FILES = "symptomeme.files"
"""Tag of a registered version: the digest of that list."""

NAMED_LATER = "registered_model_meta"
"""MLflow writes name and version of a registered model into the folder that it loads."""


def write_manifest(folder: Path) -> str:
    """List the SHA-256 of every file in the folder, in the folder.

    Returns:
        The digest of the list: who knows it knows every file.
    """
    found = _digests(folder)
    write_json(folder / MANIFEST, found)
    return of_value(found)


def check_manifest(folder: Path, *, digest: str | None) -> None:
    """Compare every file with the list.

    Args:
        folder: what `write_manifest` has listed, wherever it is now.
        digest: what `write_manifest` returned; None: the list is taken at its word.

    Raises:
        UnconfirmedError: a file is missing, has changed or was added; the message names the first.
    """
    try:
        listed: dict[str, str] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _refusal(folder / MANIFEST, "is missing") from None
    except ValueError:
        raise _refusal(folder / MANIFEST, "has changed since it was registered") from None
    if digest is not None and of_value(listed) != digest:
        raise _refusal(folder / MANIFEST, "has changed since it was registered")
    found = _digests(folder)
    for name in sorted(listed | found):
        if name not in found:
            raise _refusal(folder / name, "is missing")
        if name not in listed:
            raise _refusal(folder / name, "was not there when the model was registered")
        if found[name] != listed[name]:
            raise _refusal(folder / name, "has changed since it was registered")


def _digests(folder: Path) -> dict[str, str]:
    """All files but the list itself and what use leaves behind."""
    return {
        name: of_file(folder / name)
        for name in files_in(folder)
        if name not in (MANIFEST, NAMED_LATER) and "__pycache__" not in name
    }


def _refusal(file: Path, fault: str) -> UnconfirmedError:
    return UnconfirmedError(
        f"{file} {fault}: the model is not loaded. Bring the file back, or delete the version in MLflow and register "
        "it again ('dvc repro --force --single-item register')."
    )
