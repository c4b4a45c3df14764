"""Where a service finds what is live and keeps what it was asked."""

import os
from pathlib import Path
from typing import NamedTuple

from symptomeme.domain.layout import StatePaths
from symptomeme.domain.pointer import OWN_MODELS

STATE_VARIABLE = "SYMPTOMEME_STATE"


class Place(NamedTuple):
    """The state folder, and the list of a Bento's own models; None where there is no such thing."""

    state: StatePaths | None
    own: Path | None


def find_place(root: Path) -> Place:
    """What a service that runs in `root` uses.

    In a repository that is its state/. A Bento runs in a folder of the store, where nothing may be written: it uses
    the folder that SYMPTOMEME_STATE names, or none.
    """
    own = root / OWN_MODELS
    told = os.environ.get(STATE_VARIABLE)
    if told:
        return Place(StatePaths(Path(told).absolute()), own if own.is_file() else None)
    if own.is_file():
        return Place(None, own)
    return Place(StatePaths(root / StatePaths().root), None)
