import logging
import re

import pytest

from symptomeme.domain.errors import DataError
from symptomeme.domain.labels import ANXIETY
from symptomeme.domain.layout import data_docs, task_paths
from symptomeme.domain.params import ValidateParams
from symptomeme.domain.records import MEME_ROWS, QUARANTINE_ROWS, read_rows, write_rows
from symptomeme.stages import validate

LOADED = re.compile(r"""<(?:link|script|img)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//|url\(\s*['"]?(?:https?:)?//""")
FILES = re.compile(r'<(?:link|script|img)\b[^>]*\b(?:src|href)="([^"]+)"')


def meme(name, **changed):
    return {
        "key": f"train/{name}", "id": name, "origin": "train", "split": "train", "image": f"{name}.jpg",
        "sha256": "0" * 64, "width": 90, "height": 80, "phash": "0" * 16, "labels": ["Restlessness"],
        "given_text": "wordsofthememe", "given_reasoning": "whyitissaid", "cluster": f"train/{name}",
        "leaked": False, "fault": None,
    } | changed  # fmt: skip


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

    def call(rows, *, max_bad_share):
        write_rows(task_paths("anxiety").memes, rows, MEME_ROWS)
        validate.run(ANXIETY, ValidateParams(max_bad_share=max_bad_share, min_side=32, max_text_length=50))

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
    assert read_rows(paths.quarantine, QUARANTINE_ROWS).to_dict("records") == [
        {"key": "train/TR-1", "reason": "picture must be readable"},
        {"key": "train/TR-9", "reason": "smaller side must be at least 32 pixels; labels must be classes of AxiOM"},
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


def test_good_rows_alone_leave_an_empty_quarantine_and_the_same_bytes(run, caplog):
    paths = task_paths("anxiety")
    run([meme("TR-2"), meme("TR-3")], max_bad_share=0.0)
    assert read_rows(paths.quarantine, QUARANTINE_ROWS).empty
    assert paths.valid.read_bytes() == paths.memes.read_bytes()
    assert not warnings(caplog)


def test_no_rows_at_all(run):
    with pytest.raises(
        DataError, match=r"^artifacts/anxiety/memes\.parquet holds no meme\. Run 'symptomeme import-data"
    ):
        run([], max_bad_share=1.0)
