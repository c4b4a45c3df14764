"""Faults of things that do not need one another: kept, and told together."""

from collections.abc import Iterator
from contextlib import contextmanager

from flows.commands import Fault, LastingFault


class Faults:
    """What failed of several things of which each is done whatever becomes of the others."""

    def __init__(self) -> None:
        """None yet."""
        self.told: list[str] = []

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Keep the fault that the block ends with, under this name."""
        try:
            yield
        except Fault as fault:
            self.told.append(f"{name}: {fault}")

    def tell(self) -> None:
        """Say nothing where nothing failed.

        Raises:
            LastingFault: all that was kept, in one line.
        """
        if self.told:
            raise LastingFault("; ".join(self.told))
