"""The sample's texts drawn as outlined capitals and as captions are read as well as `benchmarks/ocr.py` asks for."""

from pathlib import Path
from random import Random

import pytest
from drawn_memes import STYLES, drawn, errors_of
from ocr import counting, product
from ocr_bounds import ERRORS, READINGS

from symptomeme.domain.labels import TASKS
from symptomeme.domain.params import read_params
from symptomeme.sample.texts import framed, read_groups

pytestmark = pytest.mark.acceptance

MEMES = 300


def sample_texts(rng: Random) -> list[str]:
    """Texts of all groups of both tasks, each in one of its frames."""
    cores = [core for task in TASKS for group in read_groups(task) for core in group.cores]
    return [framed(core, rng, count=1)[0] for core in rng.sample(cores, MEMES)]


def test_the_words_of_the_sample_are_read(workplace: Path) -> None:
    memes = drawn(sample_texts(Random(0)), 0, workplace)
    engine = counting(read_params().ocr)
    readings = product(engine, memes, workplace / "cache")
    errors = errors_of(memes, [reading.text for reading in readings])
    assert set(errors) == {"all", *STYLES}
    assert {kind: error for kind, error in errors.items() if error > ERRORS[kind]} == {}, errors
    assert MEMES <= engine.given <= READINGS * MEMES
