"""What a service keeps of each request: hashes, scores and features, words only where told to, never a picture."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from symptomeme.domain.writing import append_text


class RequestRow(BaseModel):
    """One answered request under the model of one task. The features are those of `records.REFERENCE_ROWS`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: AwareDatetime  # UTC
    request_id: str
    sha256: str  # of the picture's bytes
    task: str
    model_version: str | None
    text_length: int  # characters
    ocr_confidence: float | None  # mean over the words read, percent
    probabilities: dict[str, float]
    labels: list[str]
    abstain: bool
    embedding: list[float]  # the contrastive embedding of the fused feature, unit length, 4 digits
    text: str | None = None  # as the model was given it; no line has it unless SYMPTOMEME_KEEP_TEXT is on


def keep_requests(folder: Path, rows: Sequence[RequestRow]) -> None:
    """Append the rows of one request to its day's file, in one write: processes that share it do not mix their lines.

    Raises:
        OSError: there is no room for all of it.
    """
    day = rows[0].at.astimezone(UTC).date()
    append_text(folder / f"{day}.jsonl", "".join(f"{row.model_dump_json(exclude_unset=True)}\n" for row in rows))


def read_requests(folder: Path, *, since: datetime | None = None) -> Iterator[RequestRow]:
    """All rows that are kept, oldest day first; what a full disk has cut off, and files of no day, are passed over.

    Args:
        folder: `StatePaths.requests`.
        since: the earliest moment of rows that are wanted.
    """
    for path in sorted(folder.glob("*.jsonl")):
        day = _day_of(path)
        if day is None or (since is not None and day < since.astimezone(UTC).date()):
            continue
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    row = RequestRow.model_validate_json(line)
                except ValidationError:
                    continue
                if since is None or row.at >= since:
                    yield row


def _day_of(path: Path) -> date | None:
    """The day that a file is of; None where somebody else has put it there."""
    try:
        return date.fromisoformat(path.stem)
    except ValueError:
        return None
