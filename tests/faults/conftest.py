"""A project of eight memes in a good zip, and a small model to classify with."""

import shutil
from pathlib import Path

import pytest
import torch
import yaml

from symptomeme.models.encoders import build_classifier
from symptomeme.models.processor import build_processor

ROOT = Path(__file__).parents[2]
LABELS = {0: "Nervousness", 1: "Restlessness"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: params of the sample, of which half of the rows may be bad."""
    root = tmp_path / "project"
    root.mkdir()
    shutil.copytree(ROOT / "profiles", root / "profiles")
    params = yaml.safe_load((ROOT / "profiles/sample.yaml").read_text())
    params["validate"]["max_bad_share"] = 0.5
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    monkeypatch.chdir(root)
    return root


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path) -> Path:
    """A model folder of tiny untrained encoders."""
    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(3)
    processor = build_processor(
        tokenizer=text_folder,
        vision_encoder=vision_folder,
        image_size=None,
        image_fit="squash",
        separator=" | ",
        max_length=12,
    )
    classifier = build_classifier(
        text_encoder=text_folder,
        vision_encoder=vision_folder,
        task="anxiety",
        id2label=LABELS,
        problem_type="single_label_classification",
        contrastive_size=16,
        max_length=12,
        separator=" | ",
        thresholds=dict.fromkeys(LABELS.values(), 0.5),
    )
    classifier.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
