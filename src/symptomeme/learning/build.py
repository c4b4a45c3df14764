"""From params to untrained models and their processor."""

import os
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState

from symptomeme.domain.labels import Task
from symptomeme.domain.params import ModelParams, OcrParams, TrainParams, VariantParams
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.encoders import build_classifier, load_classifier
from symptomeme.models.processor import SymptomProcessor, build_processor


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
    if described.start == "aligned":
        torch.manual_seed(seed)
        model = load_classifier(aligned, text=described.text, image=described.image)
        model.to(PartialState().device)
    else:
        model = fresh_model(task, params, separator=separator, seed=seed, text=described.text, image=described.image)
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


def encoder_folders(params: ModelParams) -> list[Path]:
    """The encoders' folders, for keys of what depends on them."""
    return [Path(params.text_encoder), Path(params.vision_encoder)]


def _settings(task: Task, params: ModelParams) -> dict[str, Any]:
    return {
        "task": task.name,
        "problem_type": task.problem_type,
        "id2label": dict(enumerate(task.labels)),
        "reasoning": params.reasoning == "given",
        "hidden_size": params.hidden_size,
        "num_heads": params.num_heads,
        "num_depths": params.num_depths,
        "num_experts": params.num_experts,
        "contrastive_size": params.contrastive_size,
        "fusion_dropout": params.fusion_dropout,
        "expert_dropout": params.expert_dropout,
        "classifier_dropout": params.classifier_dropout,
        "attention": params.attention,
        "contrastive_masking": params.contrastive_masking,
        "contrastive_temperature": params.contrastive_temperature,
        "max_length": params.max_length,
    }
