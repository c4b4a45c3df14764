"""One run at a time writes in a project."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from prefect import get_run_logger

from flows.commands import LastingFault
from symptomeme.domain.errors import InputError
from symptomeme.domain.locking import alone
from symptomeme.lifecycle.lock_file import MENDED, mend_lock_file


class Turn:
    """Being the one run that writes, for as long as the block lasts but for what is `given_up` of it."""

    def __init__(self, minutes: float) -> None:
        """Not yet; another run is waited for so many minutes, each time."""
        self._minutes, self._held = minutes, ExitStack()

    def __enter__(self) -> "Turn":
        """Take it.

        Raises:
            LastingFault: another run has not ended in time.
        """
        self._take()
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of it."""
        self._held.close()

    @contextmanager
    def given_up(self) -> Iterator[None]:
        """Let others write while this block lasts, then take it again.

        Raises:
            LastingFault: another run has not ended in time.
        """
        self._held.close()
        yield
        self._take()

    def _take(self) -> None:
        try:
            self._held.enter_context(alone("retrain", patience=0))
        except InputError as error:
            other = str(error).partition(". ")[0]
            get_run_logger().warning("%s; waiting for up to %g minutes.", other, self._minutes)
            try:
                self._held.enter_context(alone("retrain", patience=60 * self._minutes))
            except InputError as still:
                raise LastingFault(str(still)) from None
        if mend_lock_file(Path.cwd()):  # what a run that was killed has left
            get_run_logger().warning(MENDED)
