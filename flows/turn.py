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
        self._minutes, self._held, self._is_held = minutes, ExitStack(), False

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

    def resume(self) -> None:
        """Take it again where it was given up and not taken again, as when nobody answered meanwhile.

        Raises:
            LastingFault: another run has not ended in time.
        """
        if not self._is_held:
            self._take()

    @contextmanager
    def given_up(self) -> Iterator[None]:
        """Let others write while this block lasts, then take it again.

        Raises:
            LastingFault: another run has not ended in time.
        """
        self._held.close()
        self._is_held = False
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
        self._is_held = True
        if mend_lock_file(Path.cwd()):  # what a run that was killed has left
            get_run_logger().warning(MENDED)
