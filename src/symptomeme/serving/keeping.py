"""What a service keeps of an answered request, for monitoring and for its metrics."""

import logging
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from symptomeme.domain.requests import RequestRow, keep_requests
from symptomeme.serving.metrics import metrics

if TYPE_CHECKING:
    from symptomeme.predictor import Examined

_log = logging.getLogger("bentoml.symptomeme")


def keep(folder: Path, at: datetime, request_id: str, found: "Examined", *, with_text: bool) -> None:
    """Keep hash, scores and features of a request; a service whose disk is full goes on answering.

    Args:
        folder: `StatePaths.requests`.
        at: when it came.
        request_id: as in the answer.
        found: the answer, and what it rests on.
        with_text: whether the words are kept too, as each model was given them.
    """
    rows = [
        RequestRow(
            at=at,
            request_id=request_id,
            sha256=found.answer["sha256"],
            task=task,
            model_version=told["model"]["version"],
            text_length=found.features[task].text_length,
            ocr_confidence=found.features[task].ocr_confidence,
            probabilities=told["probabilities"],
            labels=told["labels"],
            abstain=told["abstain"],
            embedding=[round(value, 4) for value in found.features[task].embedding],
            **({"text": found.texts[task]} if with_text else {}),
        )
        for task, told in found.answer["tasks"].items()
    ]
    try:
        keep_requests(folder, rows)
    except OSError as error:
        _log.error("%s is not kept for monitoring: %s", request_id, error.strerror)


def count(found: "Examined") -> None:
    """Count an answer's abstentions and the steps that were taken for it."""
    for step, milliseconds in found.took.items():
        metrics().step_seconds.labels(step).observe(milliseconds / 1000)
    for task, told in found.answer["tasks"].items():
        metrics().abstentions.labels(task).inc(told["abstain"])
