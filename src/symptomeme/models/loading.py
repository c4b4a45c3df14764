"""What all that is loaded through transformers shares: silence while it loads, and errors of one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from transformers.utils import logging


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Silence the loading bars and reports of transformers; what matters in them is raised as ModelError here."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def gist(error: Exception) -> str:
    """The gist of a message that may have many lines."""
    words = " ".join(str(error).split())
    return words if len(words) <= 160 else words[:157] + "..."  # noqa: PLR2004
