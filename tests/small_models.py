"""Model folders of tiny untrained encoders, each with its own answers."""

from pathlib import Path
from typing import Any

import torch
import yaml
from PIL import Image

from symptomeme.domain.layout import INT8_MODEL
from symptomeme.models.encoders import build_classifier, load_classifier
from symptomeme.models.processor import SymptomProcessor, build_processor

LABELS = {
    "anxiety": {0: "Nervousness", 1: "Restlessness", 2: "Impending Doom"},
    "depression": {0: "Feeling Down", 1: "Self-Harm"},
}
OCR = yaml.safe_load((Path(__file__).parents[1] / "profiles/sample.yaml").read_text())["ocr"]


def write_model(
    folder: Path, text_folder: Path, vision_folder: Path, *, seed: int = 3, task: str = "anxiety", **config: Any
) -> Path:
    """Write a model folder for a task, with what `train` puts into its config; other settings where told."""
    thresholds = dict.fromkeys(LABELS[task].values(), 0.3)
    trained = {"variant": "fusion", "ocr": OCR, "thresholds": thresholds, "temperature": 1.0, **config}
    return write_untrained(folder, text_folder, vision_folder, seed=seed, task=task, **trained)


def write_untrained(
    folder: Path, text_folder: Path, vision_folder: Path, *, seed: int = 3, task: str = "anxiety", **config: Any
) -> Path:
    """Write a model folder for a task; its config says what is told, else what an untrained model's does."""
    torch.manual_seed(seed)
    many = task == "depression"
    classifier = build_classifier(
        text_encoder=text_folder,
        vision_encoder=vision_folder,
        task=task,
        id2label=LABELS[task],
        problem_type="multi_label_classification" if many else "single_label_classification",
        contrastive_size=16,
        max_length=12,
        separator=" | ",
    )
    classifier.config.update(config)
    classifier.save_pretrained(folder)
    small_processor(text_folder, vision_folder).save_pretrained(folder)
    return folder


def small_processor(text_folder: Path, vision_folder: Path, *, separator: str | None = " | ") -> SymptomProcessor:
    return build_processor(
        tokenizer=text_folder,
        vision_encoder=vision_folder,
        image_size=None,
        image_fit="squash",
        separator=separator,
        max_length=12,
    )


def turn_to_int8(folder: Path) -> None:
    """Have a model folder answer in int8, as one whose `train.runtime` says so and whose answers agree."""
    from symptomeme.learning.int8 import quantized  # noqa: PLC0415 - an extra, which most tests do without

    model, processor = load_classifier(folder).eval(), SymptomProcessor.from_pretrained(folder)
    config = model.config
    picture = Image.new("RGB", (32, 32), "white")
    network = quantized(
        model,
        processor(text=["cannot sleep"] if config.text else None, images=[picture] if config.image else None),
    )
    (folder / INT8_MODEL).write_bytes(network)
    config.runtime, config.int8_agreement = "int8", 0.99
    config.save_pretrained(folder)
