import asyncio
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from symptomeme.domain.layout import StatePaths
from symptomeme.domain.pointer import Live, PackagedModel, write_live
from symptomeme.domain.requests import read_requests
from symptomeme.lifecycle.packaging import example
from symptomeme.predictor import Examined, Features
from symptomeme.serving.keeping import count, keep
from symptomeme.serving.service import Memes

AT = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
TOLD = {
    "labels": ["Nervousness"],
    "probabilities": {"Nervousness": 0.9, "Restlessness": 0.1},
    "thresholds": {"Nervousness": 0.3, "Restlessness": 0.3},
    "abstain": False,
    "model": {"name": "served", "version": "3", "variant": "fusion"},
}
FOUND = Examined(
    answer={
        "image": "image",
        "sha256": "ab" * 32,
        "text": {"value": "my words", "confidence": 91.5, "engine": "given"},
        "tasks": {"anxiety": TOLD, "depression": TOLD | {"labels": [], "abstain": True}},
        "milliseconds": {"picture": 250.0, "ocr": 0.0, "anxiety": 0.0, "depression": 0.0},
    },
    features={task: Features(8, 91.5, [0.123456, -1.0]) for task in ("anxiety", "depression")},
    texts={"anxiety": "my words", "depression": "my other words"},
    took={"picture": 250.0, "anxiety": 0.04},
)
WORDS = "i cannot sleep again"


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: Callable[..., PackagedModel]) -> Callable[[], Any]:
    """Ask a service, of which this folder is the project, what a meme with these words expresses."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYMPTOMEME_STATE", raising=False)
    write_live(StatePaths().live, Live(bento="b:1", models={"anxiety": package(1)}))

    def make() -> Any:
        service = Memes()
        try:
            return asyncio.run(service.classify(image=bytes(example().image[0]), text=WORDS))
        finally:
            service.end()

    return make


def test_a_line_a_task_holds_what_monitoring_reads_and_no_words(tmp_path):
    keep(tmp_path, AT, "0f3c", FOUND, with_text=False)
    keep(tmp_path, AT, "0f3d", FOUND, with_text=False)
    rows = list(read_requests(tmp_path))
    assert [(row.request_id, row.task) for row in rows] == [
        (request, task) for request in ("0f3c", "0f3d") for task in ("anxiety", "depression")
    ]
    assert rows[0].model_dump(exclude_unset=True) == {
        "at": AT,
        "request_id": "0f3c",
        "sha256": "ab" * 32,
        "task": "anxiety",
        "model_version": "3",
        "text_length": 8,
        "ocr_confidence": 91.5,
        "probabilities": {"Nervousness": 0.9, "Restlessness": 0.1},
        "labels": ["Nervousness"],
        "abstain": False,
        "embedding": [0.1235, -1.0],
    }
    assert (rows[1].labels, rows[1].abstain) == ([], True)
    assert [file.name for file in tmp_path.iterdir()] == ["2026-03-01.jsonl"]
    assert "my words" not in (tmp_path / "2026-03-01.jsonl").read_text()


def test_words_are_kept_by_task_where_they_are_asked_for(tmp_path):
    keep(tmp_path, AT, "0f3c", FOUND, with_text=False)
    keep(tmp_path, AT, "0f3c", FOUND, with_text=True)
    lines = [json.loads(line) for line in (tmp_path / "2026-03-01.jsonl").read_text().splitlines()]
    bare, worded = lines[:2], lines[2:]
    texts = ["my words", "my other words"]
    assert worded == [{**line, "text": text} for line, text in zip(bare, texts, strict=True)]
    assert [row.text for row in read_requests(tmp_path)] == [None, None, *texts]


def test_a_full_disk_keeps_no_line_and_is_logged_in_one(tmp_path, caplog):
    (tmp_path / "2026-03-01.jsonl").symlink_to("/dev/full")
    with caplog.at_level(logging.ERROR, logger="bentoml.symptomeme"):
        keep(tmp_path, AT, "0f3c", FOUND, with_text=False)
    assert caplog.messages == ["0f3c is not kept for monitoring: No space left on device"]


def test_a_service_that_was_told_nothing_keeps_no_word_anywhere(ask, tmp_path, monkeypatch, caplog):
    monkeypatch.delenv("SYMPTOMEME_KEEP_TEXT", raising=False)
    with caplog.at_level(logging.WARNING, logger="bentoml.symptomeme"):
        asked = ask()
    assert asked["text"]["value"] == WORDS
    (row,) = read_requests(StatePaths().requests)
    assert (row.request_id, row.text_length, row.text) == (asked["request_id"], len(WORDS), None)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if b"sleep" in path.read_bytes()]
    assert not [line for line in caplog.messages if "KEEP_TEXT" in line]


def test_a_service_that_was_told_to_keeps_them_and_says_so(ask, monkeypatch, caplog):
    monkeypatch.setenv("SYMPTOMEME_KEEP_TEXT", "1")
    with caplog.at_level(logging.WARNING, logger="bentoml.symptomeme"):
        asked = ask()
    (row,) = read_requests(StatePaths().requests)
    assert (row.request_id, row.text) == (asked["request_id"], WORDS)
    told = f"the words of every meme are kept in {StatePaths().requests.absolute()}: SYMPTOMEME_KEEP_TEXT is on"
    assert told in caplog.messages


def test_abstentions_and_the_steps_that_were_taken_are_counted():
    names = [
        ("symptomeme_step_seconds_sum", {"step": "picture"}),
        ("symptomeme_step_seconds_count", {"step": "picture"}),
        ("symptomeme_step_seconds_count", {"step": "ocr"}),
        ("symptomeme_step_seconds_count", {"step": "anxiety"}),  # too short for the answer to tell of it
        ("symptomeme_step_seconds_count", {"step": "depression"}),
        ("symptomeme_abstentions_total", {"task": "anxiety"}),
        ("symptomeme_abstentions_total", {"task": "depression"}),
    ]
    before = [REGISTRY.get_sample_value(*name) or 0 for name in names]
    count(FOUND)
    after = [REGISTRY.get_sample_value(*name) or 0 for name in names]
    grown = [now - then for now, then in zip(after, before, strict=True)]
    assert grown == pytest.approx([0.25, 1, 0, 1, 0, 0, 1])
