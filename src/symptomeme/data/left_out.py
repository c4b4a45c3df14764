"""What an import did not take, or took only in part, and why."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class LeftOut:
    """Names under the reason they were left out for; a name counts once a reason."""

    names: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, reason: str, name: str) -> None:
        """Note one name: a key, or the path of a file in its archive."""
        self.names.setdefault(reason, {})[name] = None

    def reasons(self) -> Iterator[tuple[str, list[str]]]:
        """Each reason with its names, in the order they were met."""
        return ((reason, list(names)) for reason, names in self.names.items())
