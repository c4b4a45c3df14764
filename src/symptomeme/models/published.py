"""Checkpoints of the published model: a `.pth` becomes a classifier that computes the same."""

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from huggingface_hub.errors import StrictDataclassError
from torch import Tensor

from symptomeme.domain.errors import ModelError
from symptomeme.domain.labels import Task
from symptomeme.domain.writing import replacing
from symptomeme.models.checkpoints import check_tensor, read_state_dict
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.config import SymptomConfig
from symptomeme.models.encoders import check_folder
from symptomeme.models.loading import quiet_transformers
from symptomeme.models.processor import SymptomProcessor, build_processor
from symptomeme.models.published_config import SEPARATOR, Heads, Shapes, published_config

_NO_WEIGHTS = re.compile(r"(text|vision)_encoder\.embeddings\.(position|token_type)_ids")
_TOLD = 3  # of the names that are wrong


def import_checkpoint(path: Path, *, task: Task, tokenizer: Path, heads: Heads, target: Path) -> SymptomClassifier:
    """Write a published checkpoint as a model folder, safetensors and JSON, and give its classifier.

    Args and Raises: as those of `read_published` and `published_processor`.
    """
    check_folder(tokenizer, "tokenizer")
    model = read_published(path, task=task, heads=heads)
    processor = published_processor(model.config, tokenizer=tokenizer)
    with quiet_transformers(), replacing(target) as beside:
        model.save_pretrained(beside)
        processor.save_pretrained(beside)
    return model


def read_published(path: Path, *, task: Task, heads: Heads) -> SymptomClassifier:
    """The classifier of a published checkpoint, not calibrated.

    Args:
        path: a state dict of the published model, saved from DataParallel or not, with transformers 4 or 5, with or
            without contrastive heads.
        task: what it was trained for.
        heads: of its attention.

    Raises:
        ModelError: it is damaged or holds code; names or shapes are not those of the published model, or not of this
            task; sizes do not fit each other; a number is not finite.
    """
    tensors = _renamed(read_state_dict(path), where=path)
    config, expected = _expected(tensors, task, heads, where=path)
    _compare(tensors, expected, where=path)
    for name, tensor in tensors.items():
        check_tensor(name, tensor, where=path)
        tensors[name] = tensor.detach().to(torch.float32, copy=True, memory_format=torch.contiguous_format)
    with quiet_transformers():
        model: SymptomClassifier = SymptomClassifier.from_pretrained(None, config=config, state_dict=tensors)
    return model


def published_processor(config: SymptomConfig, *, tokenizer: Path) -> SymptomProcessor:
    """The published pre-processing: CLIP's middle square, and text and reasoning with a literal separator.

    Args:
        config: of a model that `read_published` gave.
        tokenizer: a folder with that of its text encoder.

    Raises:
        ModelError: there is none in it, or that of another encoder.
    """
    processor = build_processor(
        tokenizer=tokenizer,
        vision_encoder=None,
        image_size=config.vision_config.image_size,
        image_fit="crop",
        separator=SEPARATOR,
        max_length=config.max_length,
    )
    found, text = processor.tokenizer, config.text_config
    if (len(found), found.pad_token_id) != (text.vocab_size, text.pad_token_id):
        raise ModelError(
            f"tokenizer {tokenizer}: has {len(found)} tokens and pads with {found.pad_token_id}; the checkpoint has "
            f"{text.vocab_size} and pads with {text.pad_token_id}. Give the tokenizer of its text encoder."
        )
    return processor


def _renamed(tensors: Mapping[str, Tensor], *, where: Path) -> dict[str, Tensor]:
    """By the names that `SymptomClassifier` has, without buffers that the encoders make for themselves."""
    found: dict[str, Tensor] = {}
    for old, tensor in tensors.items():
        name = old.removeprefix("module.").replace("vision_encoder.vision_model.", "vision_encoder.", 1)
        if name in found:
            raise ModelError(f"{where}: no checkpoint of the published model: {old!r} stands in it twice.")
        if not _NO_WEIGHTS.fullmatch(name):
            found[name] = tensor
    return found


def _expected(
    tensors: Mapping[str, Tensor], task: Task, heads: Heads, *, where: Path
) -> tuple[SymptomConfig, dict[str, torch.Size]]:
    """The config that the tensors tell of, and the shape that each should have then."""
    shapes = Shapes(tensors)
    classes = shapes.size("classifier.4.weight", 0, len(task.labels))
    if classes != len(task.labels):
        raise ModelError(
            f"{where}: has {classes} classes, and {task.name} has {len(task.labels)}. Name the task of this checkpoint."
        )
    try:
        config = published_config(shapes, task, heads)
        with torch.device("meta"):  # shapes alone, no memory
            model = SymptomClassifier(config)
    except (ModelError, StrictDataclassError, ValueError, ArithmeticError, AssertionError, RuntimeError) as error:
        why = " ".join(str(error.__cause__ or error).split())
        raise ModelError(f"{where}: its sizes do not fit each other: {why}") from None
    return config, {name: tensor.shape for name, tensor in model.state_dict().items()}


def _compare(tensors: Mapping[str, Tensor], expected: Mapping[str, torch.Size], *, where: Path) -> None:
    """Tell the first names that are missing, not known, or of another shape."""
    wrong = {
        "missing": [repr(name) for name in expected if name not in tensors],
        "unexpected": [repr(name) for name in tensors if name not in expected],
        "of another shape": [
            f"{name!r}, {tuple(tensors[name].shape)} in place of {tuple(shape)}"
            for name, shape in expected.items()
            if name in tensors and tensors[name].shape != shape
        ],
    }
    told = [
        f"{len(names)} {what} ({', '.join(names[:_TOLD])}{', …' * (len(names) > _TOLD)})"
        for what, names in wrong.items()
        if names
    ]
    if told:
        raise ModelError(f"{where}: no checkpoint of the published model: {'; '.join(told)}.")
