"""Sections of params.yaml about training."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from symptomeme.domain.section import Count, Natural, Positive, Section, Seed, Share


class BaseParams(Section):
    """What several stages share."""

    seed: Seed
    threads: Annotated[int, Field(ge=1, le=1024)]  # of torch; another number gives other last digits


class AugmentationParams(Section):
    """The largest random changes of pictures in training."""

    shift: Share  # of the side
    scale: Annotated[float, Field(ge=0, lt=1)]  # of the size
    mirror: Share  # how many are mirrored, left to right
    light: Share  # of contrast, and of brightness in standard deviations


class Optimisation(Section):
    """One training run of an epoch loop."""

    epochs: Natural
    batch_size: Count
    text_learning_rate: Annotated[float, Field(ge=0)]
    vision_learning_rate: Annotated[float, Field(ge=0)]
    head_learning_rate: Positive
    frozen_text_layers: Natural  # with the embeddings, from the bottom
    frozen_vision_layers: Natural
    augmentation: AugmentationParams | None  # of pictures
    weight_decay: Annotated[float, Field(ge=0)]
    schedule: Literal["linear", "plateau"]  # linear warm-up and decay, or halved when the score stands still
    warmup: Share  # of all steps, linear only
    max_grad_norm: Positive
    precision: Literal["auto", "fp32"]

    @field_validator("augmentation")
    @classmethod
    def what_is_frozen_is_seen_once(
        cls, augmentation: AugmentationParams | None, others: ValidationInfo
    ) -> AugmentationParams | None:
        """Refuse a frozen vision encoder with pictures that change."""
        if augmentation is not None and others.data.get("frozen_vision_layers"):
            raise ValueError("must be null with frozen_vision_layers over 0, as pictures are then seen only once")
        return augmentation


class PrealignParams(Optimisation):
    """Contrastive pre-alignment."""


class VariantParams(Section):
    """A variant of the model: which modalities it has and what its encoders start from."""

    text: bool
    image: bool
    start: Literal["aligned", "encoders"]


class TrainParams(Optimisation):
    """Training of the classifier."""

    epochs: Count
    patience: Count  # epochs without a better validation score
    classification_weight: Share
    contrastive_weight: Share
    linear_strength: Positive | None  # C of a linear model of n-grams beside the neural one; null: there is none
    calibration: Literal["temperature", "per_class"]
    thresholds: Literal["fitted", "half"]
    abstain: Annotated[dict[Literal["below", "coverage", "risk"], Share], Field(min_length=1, max_length=1)]
    runtime: Literal["fp32", "int8"]  # int8 is ONNX Runtime's, where it agrees with fp32
    min_agreement: Share  # of validation memes that get the same labels; int8 only

    @field_validator("contrastive_weight")
    @classmethod
    def something_is_learnt(cls, weight: float, others: ValidationInfo) -> float:
        """Refuse a loss of nothing."""
        if weight == 0 and others.data.get("classification_weight") == 0:
            raise ValueError("must be over 0 with classification_weight 0: text and image together would learn nothing")
        return weight
