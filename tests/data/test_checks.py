import pandas as pd
import pytest

from symptomeme.data.checks import check
from symptomeme.domain.errors import ToolError
from symptomeme.domain.labels import ANXIETY, DEPRESSION
from symptomeme.domain.sections.data import ValidateParams

PARAMS = ValidateParams(
    max_bad_share=0.1, min_side=32, max_text_length=4, conflicting_labels="keep", max_conflicting_share=0.5,
    max_leaked_share=0.5, other_languages="keep", max_other_language_share=0.5, min_letters=20,
    max_english=0.01,
)  # fmt: skip
LONG = PARAMS.model_copy(update={"max_text_length": 100})
ENGLISH = "me at three in the morning, wide awake again"
GERMAN = "wenn ich nachts um drei wieder wach im Bett liege"
CONFLICTING = "same words or same picture must have the same labels"
LEAKED = "duplicates must not stand both in train or val and in test or extra, 50.0% allowed"


def meme(key, **changed):
    return {
        "key": key, "split": "train", "sha256": (key.encode().hex() + "a" * 64)[:64], "width": 90, "height": 40,
        "phash": "0" * 16, "labels": [], "given_text": "", "fault": None, "cluster": key, "leaked": False,
    } | changed  # fmt: skip


def found(checked):
    return {finding.name: finding.rows for finding in checked.findings if finding.rows}


DIRT = {
    "good": {},
    "whole": {"labels": ["Self-Harm", "Feeling Down"]},
    "unreadable": {"fault": "cut off", "width": None, "height": None, "phash": None},
    "low": {"height": 31},
    "narrow": {"width": 31, "height": 900},
    "unmeasured": {"width": None, "phash": None},
    "hash": {"sha256": "A" * 64, "phash": "0" * 15},
    "split": {"split": "dev"},
    "label": {"labels": ["Feeling Down", "lack  of intrest"]},
    "strange": {"labels": ["wordsofalabel"]},
    "long": {"given_text": "fives"},
    "": {},
    "twice": {},
}


@pytest.fixture(scope="module")
def checked():
    rows = [meme(key, **changed) for key, changed in DIRT.items()] + [meme("twice")]
    return check(DEPRESSION, pd.DataFrame(rows), PARAMS)


def test_each_bad_row_fails_for_its_own_reasons(checked):
    keys = [*DIRT, "twice"]
    side = "smaller side must be at least 32 pixels"
    phash = "perceptual hash must be 16 hexadecimal digits"
    assert [(keys[row], reason) for row, reason in checked.reasons(bad=True).items()] == [
        ("unreadable", "picture must be readable: cut off"),
        ("low", side),
        ("narrow", side),
        ("unmeasured", f"{side}; {phash}"),
        ("hash", f"SHA-256 must be 64 hexadecimal digits; {phash}"),
        ("split", "split must be one of train, val, test, extra"),
        ("label", "labels must be classes of RESTORE: like Lack of Interest"),
        ("strange", "labels must be classes of RESTORE: like no known label"),
        ("long", "given text must have at most 4 characters"),
        ("", "key must not be empty"),
        ("twice", "key must be unique"),
        ("twice", "key must be unique"),
    ]


def test_a_single_label_task_wants_exactly_one():
    rows = [meme("one", labels=["Restlessness"]), meme("none"), meme("two", labels=["Nervousness", "Restlessness"])]
    assert found(check(ANXIETY, pd.DataFrame(rows), PARAMS)) == {"label_count": {1: "", 2: ""}}


def test_doubtful_rows_stay_and_their_share_is_bounded():
    rows = [
        meme("train/TR-1", labels=["Self-Harm"], given_text=ENGLISH, cluster="train/TR-1", leaked=True),
        meme("test/TE-1", labels=["Feeling Down"], given_text=ENGLISH.upper(), cluster="train/TR-1", leaked=True),
        meme("train/TR-2", given_text=GERMAN),
    ]
    checked = check(DEPRESSION, pd.DataFrame(rows), LONG)
    assert checked.reasons(bad=True) == {}
    assert checked.reasons(bad=False) == {
        0: f"{CONFLICTING}, 50.0% allowed: with test/TE-1; {LEAKED}: cluster train/TR-1",
        1: f"{CONFLICTING}, 50.0% allowed: with train/TR-1; {LEAKED}: cluster train/TR-1",
        2: "given text must be English, 50.0% allowed: de",
    }
    over = {finding.name: finding.over for finding in checked.findings if finding.over}
    assert over == {"conflicting_labels": "validate.max_conflicting_share", "leaked": "validate.max_leaked_share"}


def test_doubtful_rows_are_bad_where_params_say_so():
    rows = [
        meme("train/TR-1", labels=["Self-Harm"], sha256="b" * 64),
        meme("train/TR-2", labels=["Feeling Down"], sha256="b" * 64),
        meme("train/TR-3", given_text=GERMAN),
    ]
    changed = LONG.model_copy(update={"conflicting_labels": "quarantine", "other_languages": "quarantine"})
    checked = check(DEPRESSION, pd.DataFrame(rows), changed)
    assert checked.reasons(bad=True) == {
        0: f"{CONFLICTING}: with train/TR-2",
        1: f"{CONFLICTING}: with train/TR-1",
        2: "given text must be English: de",
    }
    assert checked.reasons(bad=False) == {}


@pytest.mark.parametrize("share", [0.3, 0.7])  # in binary, 1 - 0.7 is over 0.3
def test_as_many_doubtful_rows_as_allowed_are_no_warning(share):
    rows = [meme(f"train/TR-{number}", leaked=number < share * 10) for number in range(10)]
    checked = check(DEPRESSION, pd.DataFrame(rows), PARAMS.model_copy(update={"max_leaked_share": share}))
    assert len(found(checked)["leaked"]) == share * 10
    assert not any(finding.over for finding in checked.findings)


def test_an_expectation_that_cannot_be_judged_is_no_pass(monkeypatch):
    facts = pd.DataFrame([{"row": 0, "key": "one"}])
    monkeypatch.setattr("symptomeme.data.checks.row_facts", lambda *_, **__: facts)
    with pytest.raises(ToolError, match=r"could not check 'picture must be readable'"):
        check(DEPRESSION, pd.DataFrame([meme("one")]), PARAMS)
