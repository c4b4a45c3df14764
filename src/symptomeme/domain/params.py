"""params.yaml as frozen values: one section a stage, no defaults in code, all faults told at once."""

import math
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from symptomeme.domain.errors import ParamsError
from symptomeme.domain.faults import checked, read_yaml
from symptomeme.domain.labels import TASKS
from symptomeme.domain.layout import PARAMS
from symptomeme.domain.published_params import PublishedParams
from symptomeme.domain.section import Count, Natural, Positive, Section, Share

REMEDY = "Mend them all, or 'symptomeme params use NAME'."
MOST_CRITERIA = 10  # of one run of monitor: five each of memes and of requests


class BaseParams(Section):
    """What several stages share."""

    seed: Natural
    threads: Count  # of torch; another number gives other last digits


class IngestParams(Section):
    """When two memes count as duplicates."""

    phash_distance: Annotated[int, Field(ge=0, le=64)]  # bits that may differ between near pictures
    text_similarity: Share  # 1 = same letters and digits


class ValidateParams(Section):
    """What a good row is, and when too many are bad to go on."""

    max_bad_share: Share
    min_side: Count  # pixels
    max_text_length: Count  # characters
    conflicting_labels: Literal["keep", "quarantine"]
    max_conflicting_share: Share  # of kept ones; more are warned of
    max_leaked_share: Share
    other_languages: Literal["keep", "quarantine"]
    max_other_language_share: Share
    min_letters: Natural  # in a text whose language is judged
    max_english: Share  # probability; a text with more may be English


class OcrParams(Section):
    """How words are read from pictures."""

    source: Literal["tesseract", "rapidocr", "given"]
    lang: str
    page_segmentation: Annotated[int, Field(ge=3, le=13)]  # Tesseract's --psm
    view: Literal["letters", "grey"]  # what is read: the letters alone, black on white, or the grey picture
    light_threshold: Annotated[int, Field(ge=1, le=254)]  # red, green and blue of light pixels are all over this
    dark_threshold: Annotated[int, Field(ge=1, le=254)]  # red, green and blue of dark pixels are all under this
    upscale: Annotated[float, Field(ge=1, le=4)]
    min_confidence: Annotated[float, Field(ge=0, le=100)]  # percent; words below are left out
    mask_personal: bool  # handles, e-mail and web addresses, phone numbers; in text given as in text read


class ReasonParams(Section):
    """Figurative reasoning behind the words of each meme."""

    source: Literal["none", "given", "generate"]
    model: str  # a folder, of an image-text-to-text model where it generates
    batch_size: Count
    max_new_tokens: Count
    max_failed_share: Share  # of memes that it generates none for


class ModelParams(Section):
    """Sizes and switches of the model."""

    text_encoder: str  # a folder, as fetch-weights writes it
    vision_encoder: str
    hidden_size: Count | None  # null: the text encoder's width
    num_heads: Count
    num_depths: Annotated[int, Field(ge=1)]  # how many last hidden states are fused
    num_experts: Natural  # 0: none
    contrastive_size: Count
    fusion_dropout: Share
    expert_dropout: Share
    classifier_dropout: Share
    fusion: Literal["cross_attention", "concatenation"]
    attention: Literal["first", "all"]
    contrastive_masking: Literal["published", "standard"]
    contrastive_temperature: Positive
    separator: Annotated[str, Field(pattern=r"^\s(.*\s)?$")] | None  # between text and reasoning; null: the tokenizer's
    max_length: Annotated[int, Field(ge=4)]  # tokens
    image_size: Count | None  # null: the vision encoder's
    image_fit: Literal["squash", "crop"]  # the whole picture out of proportion, or its middle


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

    @model_validator(mode="after")
    def what_is_frozen_is_seen_once(self) -> Self:
        """Refuse a frozen vision encoder with pictures that change."""
        if self.frozen_vision_layers and self.augmentation is not None:
            raise ValueError(
                "frozen_vision_layers over 0 needs augmentation: null, as pictures are then seen only once"
            )
        return self


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
    thresholds: Literal["fitted", "half"]
    abstain_below: Share  # single label only: top probability
    runtime: Literal["fp32", "int8"]  # int8 is ONNX Runtime's, where it agrees with fp32
    min_agreement: Share  # of validation memes that get the same labels; int8 only


class EvaluateParams(Section):
    """Metrics."""

    resamples: Count
    confidence: Annotated[float, Field(gt=0, lt=1)]
    calibration_bins: Count


class RegisterParams(Section):
    """Names in MLflow."""

    experiment: str
    model_prefix: str


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
    """When new memes or requests count as unlike those the champion was calibrated on."""

    false_alarms: Annotated[float, Field(gt=0, lt=1)]  # probability that a run alarms though nothing has changed
    permutations: Count  # from which each bound is taken
    min_rows: Annotated[int, Field(ge=2)]  # fewer are not compared
    max_rows: Count  # so many are drawn from more
    request_days: Count
    min_distance: Share  # between distributions of a number; smaller ones never alarm
    min_embedding_distance: Share

    @model_validator(mode="after")
    def a_bound_can_be_told_from_so_many_permutations(self) -> Self:
        """Refuse too few permutations for so small a probability."""
        least = math.ceil(MOST_CRITERIA / self.false_alarms) - 1
        if self.permutations < least:
            raise ValueError(f"false_alarms {self.false_alarms} needs permutations of at least {least}")
        return self


class Params(Section):
    """The whole of params.yaml."""

    tasks: Annotated[dict[Literal["anxiety", "depression"], str], Field(min_length=1)]  # task: folder under data/
    variants: Annotated[dict[str, VariantParams], Field(min_length=1)]
    base: BaseParams
    ingest: IngestParams
    # `validate` is a method of pydantic's BaseModel
    validation: Annotated[ValidateParams, Field(alias="validate")]
    ocr: OcrParams
    reason: ReasonParams
    model: ModelParams
    prealign: PrealignParams
    train: TrainParams
    evaluate: EvaluateParams
    published: PublishedParams
    # `register` is a method of the ABC behind BaseModel
    registration: Annotated[RegisterParams, Field(alias="register")]
    promote: PromoteParams
    monitor: MonitorParams

    def variants_of(self, task: str) -> list[str]:
        """Names of all variants of a task, those that start from its published checkpoint last."""
        return [*self.variants, *(self.published.variants if task in self.published.tasks else ())]


def read_params(path: Path = PARAMS) -> Params:
    """Read and check a parameter file.

    Raises:
        ParamsError: it is missing, no YAML, or any key or value is wrong; the message names every fault.
    """
    try:
        found = read_yaml(path)
    except FileNotFoundError:
        raise ParamsError(
            f"{path} is missing: run this in the project's root, or 'symptomeme params use NAME'."
        ) from None
    return check_params(found, where=str(path))


def check_params(found: object, *, where: str) -> Params:
    """Params out of what a YAML file held.

    Raises:
        ParamsError: any key or value is wrong; the message names every fault.
    """
    params = checked(Params, found, where=where, remedy=REMEDY)
    for name, dataset in params.tasks.items():
        if dataset != TASKS[name].dataset:
            raise ParamsError(f"{where}: tasks.{name}: found {dataset!r}, expected {TASKS[name].dataset!r}. Mend it.")
    if idle := sorted(set(params.published.tasks) - set(params.tasks)):
        raise ParamsError(
            f"{where}: published.tasks: {', '.join(idle)} is not under tasks. Take it away, or add it there."
        )
    if both := sorted(params.variants.keys() & params.published.variants.keys()):
        raise ParamsError(
            f"{where}: published.variants: {', '.join(both)} is under variants too. Give it another name."
        )
    return params
