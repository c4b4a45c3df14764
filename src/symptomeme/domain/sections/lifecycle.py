"""Sections of params.yaml about what happens to trained models."""

import math
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from symptomeme.domain.section import Count, Positive, Section, Share

MOST_CRITERIA = 10  # of one run of monitor: five each of memes and of requests


class RegisterParams(Section):
    """Names in MLflow."""

    experiment: str
    model_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]  # as MLflow and BentoML take it


class NotWorseParams(Section):
    """When a model that is not better is promoted all the same."""

    margin: Positive  # of macro-F1, by which it is surely not worse
    smaller: Share  # of the champion's bytes, by which it is smaller
    faster: Share  # of the champion's time for a meme, by which it is faster


class PromoteParams(Section):
    """The gate between challenger and champion."""

    resamples: Count
    confidence: Annotated[float, Field(gt=0, lt=1)]
    min_memes: Count  # of test that neither model has met
    max_class_drop: Share  # of the F1 of any class
    min_self_harm_recall: Share
    max_calibration_error: Share
    not_worse: NotWorseParams | None  # null: only a better model is promoted


class MonitorParams(Section):
    """When new memes or requests count as unlike the champion's validation memes."""

    false_alarms: Annotated[float, Field(gt=0, lt=1)]  # probability that a run alarms though nothing has changed
    permutations: Count  # from which each bound is taken
    min_rows: Annotated[int, Field(ge=2)]  # fewer are not compared
    max_rows: Count  # so many are drawn from more
    request_days: Count
    min_distance: Share  # between distributions of a number; smaller ones never alarm
    min_embedding_distance: Share

    @field_validator("permutations")
    @classmethod
    def a_bound_can_be_told_from_so_many(cls, permutations: int, others: ValidationInfo) -> int:
        """Refuse too few permutations for so small a probability."""
        false_alarms = others.data.get("false_alarms", 1.0)
        least = math.ceil(MOST_CRITERIA / false_alarms) - 1
        if permutations < least:
            raise ValueError(f"false_alarms {false_alarms} needs at least {least}")
        return permutations
