"""The promotion log, state/promotions.jsonl: what was decided of the aliases, when, by whom and why.

A line is never changed. A decision that moves aliases stands in it twice: as `intent` before the first move, with where
the aliases were and shall be, and as what it is after the last.
"""

import getpass
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from symptomeme.domain.layout import PROMOTIONS
from symptomeme.domain.locking import alone
from symptomeme.domain.writing import append_jsonl, read_log

INTENT = "intent"
PATIENCE = 60  # seconds that another process's moves are waited for
Row = dict[str, Any]


def held(name: str) -> AbstractContextManager[None]:
    """Let no other process of this project move the aliases of a registered model meanwhile.

    Raises:
        InputError: on entry: another process does, and still does after PATIENCE.
    """
    return alone(f"aliases@{name}", patience=PATIENCE)


class Journal:
    """The log of one registered model, as it is in one registry; rows of others are left out."""

    def __init__(self, task: str, name: str, *, created: int | None) -> None:
        """Read the log.

        Args:
            task: of the model.
            name: of the registered model.
            created: when it was first registered: a registry that was made anew begins anew here.
        """
        self.name = name
        rows, self.torn = read_log(PROMOTIONS)
        self._about = {"task": task, "name": name, "registered_model": created}
        self.rows = [row for row in rows if self._about.items() <= row.items()]

    @property
    def decisions(self) -> list[Row]:
        """All rows but intents."""
        return [row for row in self.rows if row["kind"] != INTENT]

    @property
    def pending(self) -> Row | None:
        """The intent of a decision whose moves were interrupted."""
        last = self.rows[-1] if self.rows else None
        return last if last is not None and last["kind"] == INTENT else None

    @property
    def known(self) -> dict[str, str]:
        """Where the aliases point as far as the log tells."""
        return dict(self.decisions[-1]["aliases"]) if self.decisions else {}

    def looks(self, test_memes: str) -> int:
        """How often the test memes of this digest have been looked at, for whatever model of the task."""
        return max((row["looks"] for row in self.rows if row["test_memes"] == test_memes), default=0)

    def was_rolled_back(self, version: str) -> bool:
        """Whether the last that happened to this champion was a rollback."""
        met = [row for row in self.decisions if row["alias"] == "champion" and version in (row["from"], row["to"])]
        moved = [row for row in met if row["kind"] not in ("refused", "dry_run", "undone")]
        return bool(moved) and moved[-1]["kind"] == "rollback" and moved[-1]["from"] == version

    def refusal_of(self, version: str) -> Row | None:
        """The row that said last whether this version shall be champion, if it refused, declined or took it back."""
        for row in reversed(self.decisions):
            if row["alias"] != "champion" or row["kind"] in ("dry_run", "undone"):
                continue
            if row["kind"] == "rollback" and row["from"] == version:
                return row
            if row["to"] == version:
                return row if row["kind"] in ("refused", "declined") else None
        return None

    def write(
        self,
        kind: str,
        *,
        came_from: str | None,
        to: str | None,
        reason: str,
        aliases: Mapping[str, str],
        alias: str = "champion",
        by: str | None = None,
        criteria: list[Row] | None = None,
        looks: int = 0,
        test_memes: str | None = None,
        **more: Any,
    ) -> Row:
        """Add a row and wait until it is on the disk.

        Args:
            kind: intent, gate, refused, dry_run, declined, rollback, first, registered, manual or undone.
            came_from: version that `alias` pointed to.
            to: version that it points to now; that of a refused model.
            reason: in words.
            aliases: where all aliases point now.
            alias: the one that it is about.
            by: who; None: the user of this process.
            criteria: of the gate.
            looks: how often the test memes had been looked at by then, this time included.
            test_memes: their digest.
            more: what only this kind has.
        """
        row = {
            "at": now(),
            "by": by or user(),
            **self._about,
            "kind": kind,
            "alias": alias,
            "from": came_from,
            "to": to,
            "reason": reason,
            "criteria": criteria or [],
            "looks": looks,
            "test_memes": test_memes,
            "aliases": dict(aliases),
            **more,
        }
        return self.append(row)

    def append(self, row: Row) -> Row:
        """Add a whole row."""
        append_jsonl(PROMOTIONS, row)
        self.rows.append(row)
        return row


def now() -> str:
    """The time as the log tells it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def moment(milliseconds: int) -> str:
    """A time as MLflow keeps it (since 1970), as the log tells it."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")


def user() -> str:
    """Who runs this process, as the system calls them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a number without a name, as in some containers
        return "unknown"
