"""What is asked of reading: how fast, how well, and how often."""

from typing import NamedTuple

FASTER = {"pytesseract": 8.0, "pytesseract, OMP_THREAD_LIMIT=1": 2.5}  # at least
ERRORS = {"all": 0.08, "outlined": 0.12, "caption": 0.03}  # at most
READINGS = 1.5  # a meme, at most


class Measured(NamedTuple):
    """The figures that have a bound."""

    faster: dict[str, float]  # than each peer
    errors: dict[str, float]
    readings: float  # a meme

    def missed(self) -> list[str]:
        """A line for each bound that does not hold."""
        lines = [
            *(
                (f"{found:.2f} times as fast as {name}, at least {FASTER[name]:g} are asked for", found >= FASTER[name])
                for name, found in self.faster.items()
            ),
            *(
                (f"character error {found:.4f} ({name}), at most {ERRORS[name]:g} is allowed", found <= ERRORS[name])
                for name, found in self.errors.items()
            ),
            (f"{self.readings:.2f} readings a meme, at most {READINGS:g} are allowed", self.readings <= READINGS),
        ]
        return [line for line, holds in lines if not holds]
