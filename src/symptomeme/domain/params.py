"""params.yaml as frozen values: one section a stage, no defaults in code, all faults told at once."""

import math
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from symptomeme.domain.errors import ParamsError
from symptomeme.domain.labels import TASKS
from symptomeme.domain.layout import PARAMS
from symptomeme.domain.published_params import PublishedParams
from symptomeme.domain.section import Count, Natural, Positive, Section, Share

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


class ModelParams(Section):
    """Sizes and switches of the model."""

    text_encoder: str  # a folder, as fetch-weights writes it
    vision_encoder: str
    hidden_size: Count | None  # null: the text encoder's width
    num_heads: Count
    num_depths: Annotated[int, Field(ge=1)]  # how many last hidden states are fused
    num_experts: Count
    contrastive_size: Count
    fusion_dropout: Share
    expert_dropout: Share
    classifier_dropout: Share
    attention: Literal["first", "all"]
    contrastive_masking: Literal["published", "standard"]
    contrastive_temperature: Positive
    separator: str | None  # between text and reasoning; null: the tokenizer's own
    max_length: Annotated[int, Field(ge=4)]  # tokens
    image_size: Count | None  # null: the vision encoder's
    image_fit: Literal["squash", "crop"]  # the whole picture out of proportion, or its middle
    reasoning: Literal["none", "given"]


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
    linear_strength: Positive | None  # C of a linear model of n-grams beside the neural one; null: there is none
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
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParamsError(
            f"{path} is missing: run this in the project's root, or 'symptomeme params use NAME'."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParamsError(f"{path} is no YAML: {' '.join(str(error).split())}.") from None
    return check_params(found, where=str(path))


def check_params(found: object, *, where: str) -> Params:
    """Params out of what a YAML file held.

    Raises:
        ParamsError: any key or value is wrong; the message names every fault.
    """
    try:
        params = Params.model_validate(found)
    except ValidationError as error:
        faults = "; ".join(_told(fault["type"], fault["loc"], fault["input"], fault["msg"]) for fault in error.errors())
        raise ParamsError(f"{where}: {faults}. Mend them all, or 'symptomeme params use NAME'.") from None
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


def _told(kind: str, place: tuple[int | str, ...], found: object, message: str) -> str:
    """One fault: the key, and what is wrong with it."""
    key = ".".join(map(str, place)) or "the file"
    if kind == "extra_forbidden":
        near = get_close_matches(str(place[-1]), _keys(place[:-1]), n=1)
        return f"{key}: unknown key" + (f", did you mean {near[0]}?" if near else "")
    if kind == "missing":
        return f"{key}: missing"
    hint = " (YAML takes 1e-5 for text: write 1.0e-5)" if kind == "float_type" and isinstance(found, str) else ""
    return f"{key}: {message[0].lower()}{message[1:]}, found {found!r}{hint}"


def _keys(place: tuple[int | str, ...]) -> list[str]:
    """The keys that may stand in a section, or at the top."""
    sections = {field.alias or name: field.annotation for name, field in Params.model_fields.items()}
    if not place:
        return list(sections)
    section = VariantParams if place[0] == "variants" else sections[str(place[0])]
    return list(section.model_fields) if isinstance(section, type) and issubclass(section, Section) else []
