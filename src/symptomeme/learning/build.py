"""From params to untrained models and their processor."""

import os
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState

from symptomeme.domain.labels import Task
from symptomeme.domain.sections.model import ModelParams
from symptomeme.domain.sections.training import TrainParams, VariantParams
from symptomeme.domain.sections.words import OcrParams
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.encoders import build_classifier, load_classifier
from symptomeme.models.processor import SymptomProcessor, build_processor

ALIGNED = ("text_encoder", "vision_encoder", "text_contrastive_proj", "image_contrastive_proj")
"""The parts of a model that pre-alignment trains."""


def prepare_torch(*, threads: int) -> None:
    """Make torch's results the same in every run: deterministic algorithms, and sums split among so many threads."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # else CUDA refuses to be deterministic
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(threads)


def load_processor(params: ModelParams) -> SymptomProcessor:
    """The processor of every variant: one pre-processing for all."""
    return build_processor(
        tokenizer=params.text_encoder,
        vision_encoder=params.vision_encoder,
        image_size=params.image_size,
        image_fit=params.image_fit,
        separator=params.separator,
        max_length=params.max_length,
    )


def fresh_model(
    task: Task, params: ModelParams, *, separator: str, seed: int, text: bool = True, image: bool = True
) -> SymptomClassifier:
    """Pretrained encoders in an untrained classifier, the same for the same seed."""
    torch.manual_seed(seed)
    model = build_classifier(
        text_encoder=params.text_encoder if text else None,
        vision_encoder=params.vision_encoder if image else None,
        separator=separator,
        **_settings(task, params),
    )
    model.to(PartialState().device)
    return model


def variant_model(
    task: Task,
    variant: str,
    described: VariantParams,
    params: ModelParams,
    options: TrainParams,
    ocr: OcrParams,
    *,
    aligned: Path,
    separator: str,
    seed: int,
) -> SymptomClassifier:
    """The model a variant's training starts from; its config says how its memes are read."""
    model = fresh_model(task, params, separator=separator, seed=seed, text=described.text, image=described.image)
    if described.start == "aligned":
        _take_aligned(model, aligned)
    describe(model, variant, options, ocr)
    return model


def describe(model: SymptomClassifier, variant: str, options: TrainParams, ocr: OcrParams) -> None:
    """Put into a model's config what it is called, how its memes are read, and how its losses weigh."""
    config = model.config
    config.variant = variant
    config.ocr = ocr.model_dump()
    config.runtime, config.int8_agreement = "fp32", None
    config.classification_weight = options.classification_weight
    config.contrastive_weight = options.contrastive_weight


def _take_aligned(model: SymptomClassifier, folder: Path) -> None:
    """Give a model the weights of what pre-alignment trains, as far as it has these parts."""
    aligned = load_classifier(folder, text=model.config.text, image=model.config.image)
    for name in ALIGNED:
        if hasattr(model, name):
            getattr(model, name).load_state_dict(getattr(aligned, name).state_dict())


def encoder_folders(params: ModelParams) -> list[Path]:
    """The encoders' folders, for keys of what depends on them."""
    return [Path(params.text_encoder), Path(params.vision_encoder)]


def _settings(task: Task, params: ModelParams) -> dict[str, Any]:
    return {
        "task": task.name,
        "problem_type": task.problem_type,
        "id2label": dict(enumerate(task.labels)),
        "hidden_size": params.hidden_size,
        "num_heads": params.num_heads,
        "num_depths": params.num_depths,
        "num_experts": params.num_experts,
        "contrastive_size": params.contrastive_size,
        "fusion_dropout": params.fusion_dropout,
        "expert_dropout": params.expert_dropout,
        "classifier_dropout": params.classifier_dropout,
        "fusion": params.fusion,
        "attention": params.attention,
        "contrastive_masking": params.contrastive_masking,
        "contrastive_temperature": params.contrastive_temperature,
        "max_length": params.max_length,
    }
