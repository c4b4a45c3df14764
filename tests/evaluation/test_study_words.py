"""What a row of the study consists of, in words."""

from pathlib import Path

import pytest

from symptomeme.domain.params import read_params
from symptomeme.domain.study_params import read_study
from symptomeme.evaluation.study.words import describe

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("ngrams", "told"),
    [
        ([True, True], ", n-grams, "),
        ([False, True], ", n-grams with 1 of 2 seeds, "),
        ([False, False], None),  # validation gave them no weight, whatever params say
    ],
)
def test_ngrams_are_a_part_where_the_models_have_them(
    ngrams: list[bool], told: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    params = read_params(ROOT / "profiles/real.yaml")
    parts = describe("full", read_study(params), params, reasoning=None, ngrams=ngrams).parts
    assert told in parts if told else "n-grams" not in parts
