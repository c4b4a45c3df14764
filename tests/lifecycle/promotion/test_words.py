"""Which words a model is judged with."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from symptomeme.domain.digests import of_file
from symptomeme.domain.params import read_params
from symptomeme.lifecycle.trial import Contender, words_for
from symptomeme.sample.draw import Order, draw_meme

WORDS = "when the kettle clicks and I jump"


@pytest.mark.parametrize(("changes", "expected"), [({}, ["what stands"]), ({"upscale": 2.0}, WORDS.lower().split())])
def test_a_model_with_other_ocr_settings_reads_the_pictures_itself(
    workplace: Path, changes: dict[str, float], expected: list[str]
) -> None:
    picture = workplace / "meme.jpg"
    picture.write_bytes(draw_meme(Order(key="words", text=WORDS, widths=(600, 600))).data)
    memes = pd.DataFrame(
        {"sha256": [of_file(picture)], "image": [str(picture)], "text": ["what stands"], "engine": ["given"]}
    )
    today = read_params().ocr
    predictor = SimpleNamespace(config=SimpleNamespace(ocr=today.model_dump() | changes))
    contender = Contender(version=None, predictor=predictor, size=0, met=pd.DataFrame())  # type: ignore[arg-type]
    (found,) = words_for(contender, memes, today)
    if not changes:
        assert [found] == expected
    else:
        assert len(set(found.lower().split()) & set(expected)) >= 5
