"""The section `evaluate` of params.yaml."""

from typing import Annotated

from pydantic import Field

from symptomeme.domain.section import Count, Section, Share


class RobustnessParams(Section):
    """What is done to test memes to see how far predictions hold; what each model cannot see is left out."""

    memes: Count  # at most so many
    misread: list[Share]  # of characters
    jpeg_quality: list[Annotated[int, Field(ge=1, le=95)]]  # as Pillow counts it
    scale: list[Annotated[float, Field(gt=0, lt=1)]]  # of the sides, before they are stretched back


class EvaluateParams(Section):
    """Metrics."""

    resamples: Count
    confidence: Annotated[float, Field(gt=0, lt=1)]
    calibration_bins: Count  # of equal width
    classwise_bins: Count  # of equal mass
    robustness: RobustnessParams | None
