import logging
from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY

from symptomeme.domain.requests import read_requests
from symptomeme.predictor import Examined, Features
from symptomeme.serving.keeping import count, keep

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
    texts=dict.fromkeys(("anxiety", "depression"), "my words"),
    took={"picture": 250.0, "anxiety": 0.04},
)


def test_a_line_a_task_holds_what_monitoring_reads_and_no_words(tmp_path):
    keep(tmp_path, AT, "0f3c", FOUND)
    keep(tmp_path, AT, "0f3d", FOUND)
    rows = list(read_requests(tmp_path))
    assert [(row.request_id, row.task) for row in rows] == [
        (request, task) for request in ("0f3c", "0f3d") for task in ("anxiety", "depression")
    ]
    assert rows[0].model_dump() == {
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


def test_a_full_disk_keeps_no_line_and_is_logged_in_one(tmp_path, caplog):
    (tmp_path / "2026-03-01.jsonl").symlink_to("/dev/full")
    with caplog.at_level(logging.ERROR, logger="bentoml.symptomeme"):
        keep(tmp_path, AT, "0f3c", FOUND)
    assert caplog.messages == ["0f3c is not kept for monitoring: No space left on device"]


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
