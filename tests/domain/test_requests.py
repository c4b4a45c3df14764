"""What is kept of requests."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from symptomeme.domain.requests import RequestRow, keep_requests, read_requests
from symptomeme.domain.writing import append_text

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ROW = RequestRow(
    at=NOON,
    request_id="r",
    sha256="0",
    task="anxiety",
    model_version=None,
    text_length=0,
    ocr_confidence=None,
    probabilities={"a": 0.5},
    labels=[],
    abstain=True,
    embedding=[1.0],
)


def test_rows_come_back_by_day_but_what_was_cut_off(tmp_path: Path) -> None:
    before = ROW.model_copy(update={"at": NOON - timedelta(days=1), "request_id": "before"})
    keep_requests(tmp_path, [before])
    append_text(tmp_path / "2026-05-04.jsonl", ROW.model_dump_json()[:40] + "\n")
    keep_requests(tmp_path, [ROW, ROW])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-05-03.jsonl", "2026-05-04.jsonl"]
    assert list(read_requests(tmp_path)) == [before, ROW, ROW]
    assert list(read_requests(tmp_path, since=NOON)) == [ROW, ROW]
    assert list(read_requests(tmp_path, since=NOON + timedelta(seconds=1))) == []


def test_nothing_kept_is_nothing_read(tmp_path: Path) -> None:
    assert list(read_requests(tmp_path / "requests")) == []


def test_a_file_of_no_day_is_passed_over(tmp_path: Path) -> None:
    keep_requests(tmp_path, [ROW])
    (tmp_path / "copy of 2026-05-04.jsonl").write_text(f"{ROW.model_dump_json()}\n")
    assert list(read_requests(tmp_path)) == [ROW]
    assert list(read_requests(tmp_path, since=NOON)) == [ROW]
