import html
import json
import logging
import re
from itertools import cycle

import pytest

from symptomeme.data.wording import normalise
from symptomeme.domain.errors import DataError
from symptomeme.domain.labels import ANXIETY
from symptomeme.domain.layout import data_docs, task_paths
from symptomeme.domain.records import MEME_ROWS, REASON_ROWS, read_rows, write_rows
from symptomeme.domain.sections.data import ValidateParams
from symptomeme.sample.memes import clean_memes
from symptomeme.stages import validate

LOADED = re.compile(r"""<(?:link|script|img)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//|url\(\s*['"]?(?:https?:)?//""")
FILES = re.compile(r'<(?:link|script|img)\b[^>]*\b(?:src|href)="([^"]+)"')


PARAMS = ValidateParams(
    max_bad_share=0.5, min_side=32, max_text_length=500, conflicting_labels="keep", max_conflicting_share=0.25,
    max_leaked_share=0.25, other_languages="keep", max_other_language_share=0.25, min_letters=30,
    max_english=0.01,
)  # fmt: skip


def meme(name, **changed):
    return {
        "key": f"train/{name}", "id": name, "origin": "train", "split": "train", "image": f"{name}.jpg",
        "sha256": name.encode().hex().rjust(64, "0"), "width": 90, "height": 80, "phash": "0" * 16,
        "labels": ["Restlessness"],
        "given_text": f"wordsofthememe{name}", "given_reasoning": "whyitissaid", "cluster": f"train/{name}",
        "leaked": False, "fault": None,
    } | changed  # fmt: skip


WRONG = [{"height": 10}, {"sha256": "5" * 64}, {"sha256": "5" * 64, "labels": ["Nervousness"]}, {"leaked": True}]
BROKEN = {"width": None, "height": None, "phash": None, "fault": "empty, 0 bytes"}
ROWS = [
    meme("TR-9", height=10, labels=["wordsofalabel"]),
    meme("TR-2"),
    meme("TR-1", **BROKEN),
    meme("TR-3", labels=["Nervousness"]),
]


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(rows, **changed):
        write_rows(task_paths("anxiety").memes, rows, MEME_ROWS)
        validate.run(ANXIETY, PARAMS.model_copy(update=changed))

    return call


def warnings(caplog):
    return [record.message for record in caplog.records if record.levelno >= logging.WARNING]


def check_pages():
    pages = sorted(data_docs("anxiety").rglob("*.html"))
    assert [page.relative_to(data_docs("anxiety")).parts[0] for page in pages] == [
        "expectations",
        "index.html",
        "validations",
    ]
    for page in pages:
        text = page.read_text()
        assert not LOADED.search(text)
        assert "integrity" not in text and "crossorigin" not in text
        found = FILES.findall(text)
        assert len(found) > 10
        assert all((page.parent / name).is_file() for name in found), found
        assert "wordsofthememe" not in text and "whyitissaid" not in text
    return pages


def test_bad_rows_are_put_aside_and_the_run_goes_on(run, caplog):
    run(ROWS, max_bad_share=0.5)
    paths = task_paths("anxiety")
    assert list(read_rows(paths.valid, MEME_ROWS)["key"]) == ["train/TR-2", "train/TR-3"]
    assert read_rows(paths.quarantine, REASON_ROWS).to_dict("records") == [
        {"key": "train/TR-1", "reason": "picture must be readable: empty, 0 bytes"},
        {
            "key": "train/TR-9",
            "reason": "smaller side must be at least 32 pixels; labels must be classes of AxiOM: like no known label",
        },
    ]
    assert warnings(caplog) == [
        "artifacts/anxiety/memes.parquet: 2 of 4 memes failed their checks: picture must be readable: 1 (25.0%); "
        "smaller side must be at least 32 pixels: 1 (25.0%); labels must be classes of AxiOM: 1 (25.0%). "
        "See reports/data_docs/anxiety/index.html; put aside in artifacts/anxiety/quarantine.parquet."
    ]
    result = check_pages()[-1].read_text()
    assert "smaller side must be at least 32 pixels" in result and "train/TR-9" in result


def test_too_many_bad_rows_stop_the_run(run, tmp_path):
    with pytest.raises(DataError) as error:
        run(ROWS, max_bad_share=0.25)
    assert str(error.value) == (
        "artifacts/anxiety/memes.parquet: 2 of 4 memes failed their checks: picture must be readable: 1 (25.0%); "
        "smaller side must be at least 32 pixels: 1 (25.0%); labels must be classes of AxiOM: 1 (25.0%). "
        "See reports/data_docs/anxiety/index.html. At most 25.0% may fail (validate.max_bad_share): "
        "mend the data, import it again and run 'dvc repro', or allow more."
    )
    assert [path.name for path in task_paths("anxiety").root.iterdir()] == ["memes.parquet"]
    assert [path.name for path in (tmp_path / "reports" / "data_docs").iterdir()] == ["anxiety"]
    check_pages()


def test_doubtful_rows_stay_are_named_and_warned_of(run, caplog):
    german = "wenn ich nachts um drei wieder wach im Bett liege"
    rows = [
        meme("TR-1", given_text="the same words", labels=["Nervousness"]),
        meme("TR-2", given_text="The same words.", cluster="train/TR-1"),
        meme("TR-3", given_text=german),
        *(meme(f"TR-{number}") for number in range(4, 8)),
    ]
    run(rows, max_bad_share=0.0)
    paths = task_paths("anxiety")
    conflicting = "same words or same picture must have the same labels, 25.0% allowed"
    assert len(read_rows(paths.valid, MEME_ROWS)) == 7
    assert read_rows(paths.quarantine, REASON_ROWS).empty
    assert read_rows(paths.doubtful, REASON_ROWS).to_dict("records") == [
        {"key": "train/TR-1", "reason": f"{conflicting}: with train/TR-2"},
        {"key": "train/TR-2", "reason": f"{conflicting}: with train/TR-1"},
        {"key": "train/TR-3", "reason": "given text must be English, 25.0% allowed: de"},
    ]
    assert warnings(caplog) == [
        f"artifacts/anxiety/memes.parquet: {conflicting}: 2 (28.6%), over validate.max_conflicting_share. "
        "They stay, and are named in artifacts/anxiety/doubtful.parquet."
    ]
    counts = json.loads(paths.validation.read_text())
    found = {name: count for name, count in counts.pop("by_check").items() if count}
    assert counts == {"memes": 7, "bad": 0, "surplus_duplicates": 1}
    assert found == {"conflicting_labels": 2, "other_language": 1}


def test_no_text_of_the_sample_reaches_the_pages(run):
    records = [one.row for one in clean_memes(ANXIETY, seed=1)]
    texts = [text for record in records for text in (record.text, record.record["figurative_reasoning"])]
    rows = [
        meme(f"TR-{number}", given_text=record.text, given_reasoning=record.record["figurative_reasoning"], **wrong)
        for number, (record, wrong) in enumerate(zip(records, cycle(WRONG), strict=False))
    ]
    rows[0]["labels"] = [records[0].text]
    run(rows, max_bad_share=1.0, min_letters=0, max_english=1.0, max_text_length=40)
    check_pages()
    files = [path for path in data_docs("anxiety").rglob("*") if path.is_file()]
    pages = [html.unescape(path.read_bytes().decode("utf-8", "ignore")) for path in files]
    assert any("TR-100" in page for page in pages)
    whole = "\n".join(pages)
    squeezed = normalise(whole)
    assert [text for text in texts if text in whole or normalise(text) in squeezed] == []


def test_the_same_memes_leave_the_same_bytes(run):
    paths = task_paths("anxiety")
    outputs = (paths.valid, paths.quarantine, paths.doubtful, paths.validation)
    run([*ROWS, meme("TR-4", given_text="", sha256=ROWS[1]["sha256"], labels=["Nervousness"])])
    before = [path.read_bytes() for path in outputs]
    run([*ROWS, meme("TR-4", given_text="", sha256=ROWS[1]["sha256"], labels=["Nervousness"])])
    assert [path.read_bytes() for path in outputs] == before


def test_good_rows_alone_leave_an_empty_quarantine_and_the_same_bytes(run, caplog):
    paths = task_paths("anxiety")
    run([meme("TR-2"), meme("TR-3")], max_bad_share=0.0)
    assert read_rows(paths.quarantine, REASON_ROWS).empty
    assert paths.valid.read_bytes() == paths.memes.read_bytes()
    assert not warnings(caplog)


def test_no_rows_at_all(run):
    with pytest.raises(
        DataError, match=r"^artifacts/anxiety/memes\.parquet holds no meme\. Run 'symptomeme import-data"
    ):
        run([], max_bad_share=1.0)
