"""A cache that is damaged: one line that says what to delete."""

from pathlib import Path

import pytest

from symptomeme.domain.errors import ToolError
from symptomeme.text.kept import kept_in

DAMAGED = r"^{}: this cache is damaged \(.+\)\. Delete the folder and run it again; what it kept is made anew\.$"


@pytest.mark.parametrize("kept_bytes", [0, 100, 4096])
def test_a_damaged_cache_is_told_with_its_folder(tmp_path: Path, kept_bytes: int) -> None:
    folder = tmp_path / "kept"
    with kept_in(folder) as store:
        for number in range(300):
            store[str(number)] = "some answer " * 20
    database = folder / "cache.db"
    whole = database.read_bytes()
    database.write_bytes(whole[:kept_bytes] + b"\xa5" * (len(whole) - kept_bytes))
    with pytest.raises(ToolError, match=DAMAGED.format(folder)), kept_in(folder) as store:
        [store[key] for key in store]


def test_a_cache_that_cannot_be_opened_is_told_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "cache.db").mkdir()
    with pytest.raises(ToolError) as told, kept_in(tmp_path):
        pass
    assert str(told.value) == f"{tmp_path}: unable to open database file. Mend that and run it again."
