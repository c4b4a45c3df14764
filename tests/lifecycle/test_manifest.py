from pathlib import Path

import pytest

from symptomeme.domain.errors import RegistryError
from symptomeme.lifecycle.manifest import MANIFEST, NAMED_LATER, check_manifest, write_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts/weights").write_bytes(b"w")
    (tmp_path / "MLmodel").write_text("flavors")
    return tmp_path


def test_what_was_listed_passes_and_so_does_what_use_leaves_behind(folder: Path) -> None:
    digest = write_manifest(folder)
    (folder / NAMED_LATER).write_text("model_name: x")
    (folder / "code/__pycache__").mkdir(parents=True)
    (folder / "code/__pycache__/x.pyc").touch()
    check_manifest(folder, digest=digest)
    check_manifest(folder, digest=None)


@pytest.mark.parametrize(
    ("file", "content", "fault"),
    [
        ("artifacts/weights", b"W", "has changed since it was registered"),
        ("artifacts/weights", None, "is missing"),
        ("artifacts/more", b"m", "was not there when the model was registered"),
        (MANIFEST, b"{}", "has changed since it was registered"),
        (MANIFEST, b"{", "has changed since it was registered"),
        (MANIFEST, None, "is missing"),
    ],
)
def test_a_file_that_is_not_what_was_registered_is_named(
    folder: Path, file: str, content: bytes | None, fault: str
) -> None:
    digest = write_manifest(folder)
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    with pytest.raises(RegistryError) as told:
        check_manifest(folder, digest=digest)
    assert str(told.value).startswith(f"{folder / file} {fault}: the model is not loaded. ")
    assert "\n" not in str(told.value)


def test_a_list_rewritten_with_the_file_is_seen_by_its_digest(folder: Path) -> None:
    digest = write_manifest(folder)
    (folder / "artifacts/weights").write_bytes(b"W")
    write_manifest(folder)
    check_manifest(folder, digest=None)
    with pytest.raises(RegistryError, match=f"{MANIFEST} has changed"):
        check_manifest(folder, digest=digest)
