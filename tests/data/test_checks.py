import pandas as pd
import pytest

from symptomeme.data.checks import check
from symptomeme.domain.errors import ToolError
from symptomeme.domain.labels import ANXIETY, DEPRESSION


def meme(key, **changed):
    return {
        "key": key, "split": "train", "sha256": "a" * 64, "width": 90, "height": 40, "phash": "0" * 16,
        "labels": [], "given_text": "four", "fault": None,
    } | changed  # fmt: skip


DIRT = {
    "good": {},
    "whole": {"labels": ["Self-Harm", "Feeling Down"]},
    "unreadable": {"fault": "cut off", "width": None, "height": None, "phash": None},
    "low": {"height": 31},
    "narrow": {"width": 31, "height": 900},
    "unmeasured": {"width": None, "phash": None},
    "hash": {"sha256": "A" * 64, "phash": "0" * 15},
    "split": {"split": "dev"},
    "label": {"labels": ["Feeling Down", "Lack of Energy"]},
    "long": {"given_text": "fives"},
    "": {},
    "twice": {},
}


@pytest.fixture(scope="module")
def checked():
    rows = [meme(key, **changed) for key, changed in DIRT.items()] + [meme("twice")]
    return check(DEPRESSION, pd.DataFrame(rows), min_side=32, max_text_length=4)


def test_each_bad_row_fails_for_its_own_reasons(checked):
    keys = [*DIRT, "twice"]
    side = "smaller side must be at least 32 pixels"
    phash = "perceptual hash must be 16 hexadecimal digits"
    assert [(keys[row], reason) for row, reason in checked.reasons.items()] == [
        ("unreadable", "picture must be readable"),
        ("low", side),
        ("narrow", side),
        ("unmeasured", f"{side}; {phash}"),
        ("hash", f"SHA-256 must be 64 hexadecimal digits; {phash}"),
        ("split", "split must be one of train, val, test, extra"),
        ("label", "labels must be classes of RESTORE"),
        ("long", "given text must have at most 4 characters"),
        ("", "key must not be empty"),
        ("twice", "key must be unique"),
        ("twice", "key must be unique"),
    ]


def test_a_single_label_task_wants_exactly_one():
    rows = [meme("one", labels=["Restlessness"]), meme("none"), meme("two", labels=["Nervousness", "Restlessness"])]
    found = check(ANXIETY, pd.DataFrame(rows), min_side=32, max_text_length=4)
    assert found.failed == {"there must be exactly one label": [1, 2]}


def test_an_expectation_that_cannot_be_judged_is_no_pass(monkeypatch):
    monkeypatch.setattr("symptomeme.data.checks._plain", lambda task, memes: memes.drop(columns="split"))
    rows = pd.DataFrame([meme("one") | {"smaller_side": 40, "unknown_label": None, "text_length": 4, "row": 0}])
    with pytest.raises(ToolError, match=r"could not check 'split must be one of train, val, test, extra'"):
        check(DEPRESSION, rows, min_side=32, max_text_length=4)
