from pathlib import Path

import pyarrow as pa
import pytest

from symptomeme.domain.errors import InputError
from symptomeme.domain.records import REASON_ROWS, SPLIT_ROWS, TEXT_ROWS, read_rows, write_rows


def test_rows_come_back_and_have_the_same_bytes(tmp_path: Path) -> None:
    rows = [{"key": "train/TR-1", "text": "", "confidence": None, "words": 0, "engine": "given"}]
    write_rows(tmp_path / "a.parquet", rows, TEXT_ROWS)
    frame = read_rows(tmp_path / "a.parquet", TEXT_ROWS)
    write_rows(tmp_path / "b.parquet", frame, TEXT_ROWS)
    assert frame.to_dict("records")[0]["key"] == "train/TR-1"
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_an_empty_table_keeps_its_columns(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.parquet", [], REASON_ROWS)
    assert list(read_rows(tmp_path / "a.parquet", REASON_ROWS).columns) == ["key", "reason"]


def test_a_null_where_none_may_be(tmp_path: Path) -> None:
    with pytest.raises(pa.ArrowInvalid, match="column 'split' may not hold nulls"):
        write_rows(tmp_path / "a.parquet", [{"key": "train/TR-1", "split": None}], SPLIT_ROWS)
    assert not list(tmp_path.iterdir())


def test_a_missing_table_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"a\.parquet is missing: the stage that writes it has not run. Run 'dvc repro'"
    ):
        read_rows(tmp_path / "a.parquet", TEXT_ROWS)


def test_other_columns_are_refused(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.parquet", [], REASON_ROWS)
    with pytest.raises(InputError, match="expected"):
        read_rows(tmp_path / "a.parquet", TEXT_ROWS)
