"""The texts a champion was trained on, as far as they are there and are the very same."""

import pandas as pd
import pytest

from symptomeme.data.wording import normalise
from symptomeme.domain.digests import of_text
from symptomeme.domain.records import TEXT_ROWS, write_rows
from symptomeme.lifecycle.reference import trained_texts

TEXTS = {"train/1": "I cannot sleep", "train/2": "", "train/3": "again"}


@pytest.fixture
def trained():
    rows = [(key, "0", of_text(normalise(text)), key) for key, text in TEXTS.items()]
    return pd.DataFrame(rows, columns=["key", "sha256", "text_sha256", "cluster"])


@pytest.fixture
def texts(tmp_path):
    def write(of):
        rows = [
            {"key": key, "text": text, "confidence": 90.0 if text else None, "words": len(text.split()), "engine": "e"}
            for key, text in of.items()
        ]
        write_rows(tmp_path / "texts.parquet", rows, TEXT_ROWS)
        return tmp_path / "texts.parquet"

    return write


def test_lengths_and_confidences_of_those_that_are_there(trained, texts):
    there = {"train/1": "I cannot sleep", "train/2": "", "val/9": "of validation"}
    found = trained_texts(trained, texts(there))
    assert found.text_length.tolist() == [14, 0]
    assert found.ocr_confidence.isna().tolist() == [False, True]


def test_none_when_one_was_read_in_another_way(trained, texts):
    assert trained_texts(trained, texts({**TEXTS, "train/3": "agian"})).empty


def test_none_when_nothing_was_read_here(trained, tmp_path):
    assert trained_texts(trained, tmp_path / "texts.parquet").empty
