"""Another seed in params.yaml for a while."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

from kept_runs import KEPT

from symptomeme.domain.layout import PARAMS
from symptomeme.domain.writing import write_json, write_text

_SEED = re.compile(r"^(base:(?:[ \t]*#.*)?\n(?:(?:[ \t]+.*|[ \t]*#.*|)\n)*?[ \t]+seed:[ \t]*)(\d+)", re.MULTILINE)


@contextmanager
def seed_set(seed: int) -> Iterator[None]:
    """Another `base.seed` in params.yaml, the rest of its text untouched; the old one comes back, after a kill too."""
    kept = KEPT / "seed_before.json"  # what a killed run could not bring back
    before = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else _swap_seed(None)
    write_json(kept, before)
    try:
        _swap_seed(seed)
        yield
    finally:
        _swap_seed(before)
        kept.unlink()


def _swap_seed(seed: int | None) -> int:
    """Put a seed into params.yaml (None: leave it); the one that was there."""
    text = PARAMS.read_text(encoding="utf-8")
    found = _SEED.search(text)
    if found is None:
        raise SystemExit(f"{PARAMS}: no whole number stands at base.seed. Run: symptomeme params use NAME")
    if seed is not None and seed != int(found[2]):
        write_text(PARAMS, text[: found.start(2)] + str(seed) + text[found.end(2) :])
    return int(found[2])
