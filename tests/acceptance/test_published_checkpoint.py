"""Published checkpoints: full size against the plain model, and one through the whole graph of a small project."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from published_files import (
    Weights,
    agree,
    as_transformers_5,
    from_data_parallel,
    inputs,
    older,
    without_contrast,
    write_tokenizer,
)
from published_forward import SMALL, PlainModel, Sizes, weights
from small_project import new_project, run

from symptomeme.cli.main import main
from symptomeme.domain.layout import task_paths
from symptomeme.models.encoders import load_classifier
from symptomeme.models.processor import SymptomProcessor

pytestmark = pytest.mark.acceptance


@pytest.mark.parametrize(
    ("form", "task", "contrast"),
    [
        (dict, "anxiety", True),
        (older, "anxiety", True),
        (as_transformers_5, "depression", True),
        (from_data_parallel, "depression", False),
    ],
    ids=["plain", "older", "of transformers 5", "without contrastive heads"],
)
def test_a_full_size_checkpoint_computes_the_published_model(
    form: Any, task: str, contrast: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = Sizes(classes=6 if task == "anxiety" else 7)
    found: Weights = weights(sizes, seed=1)
    found = found if contrast else without_contrast(found)
    torch.save(form(found), tmp_path / "published.pth")
    write_tokenizer(tmp_path / "tokenizer", vocabulary=sizes.vocabulary, length=sizes.positions - 2)
    words = ["--task", task, "--tokenizer", str(tmp_path / "tokenizer"), "--out", str(tmp_path / "model")]
    assert main(["import-checkpoint", str(tmp_path / "published.pth"), *words]) == 0
    (tmp_path / "published.pth").unlink()
    assert f"{'with' if contrast else 'without'} contrastive heads" in capsys.readouterr().out
    batch, model = inputs(sizes), load_classifier(tmp_path / "model").eval()
    with torch.inference_mode():
        agree(model(**batch), PlainModel(found)(**batch))
    processor = SymptomProcessor.from_pretrained(tmp_path / "model")
    assert (processor.separator, processor.max_length) == (" [SEP] ", 512)
    (tmp_path / "model/model.safetensors").unlink()  # a gigabyte each


def test_a_checkpoint_goes_through_the_graph_and_may_be_taken_away_again(
    tmp_path: Path, text_folder: Path, vision_folder: Path
) -> None:
    changes = {
        "published": {"tasks": ["depression"], "variants": {"published": {"train": False}, "tuned": {"train": True}}}
    }
    root = new_project(tmp_path, text_folder, vision_folder, changes=changes)
    file = root / "data/weights/published/depression.pth"
    file.parent.mkdir(parents=True)
    torch.save(older(weights(Sizes(**{**vars(SMALL), "classes": 7}), seed=2)), file)
    write_tokenizer(root / "data/weights/mental-roberta-base", vocabulary=SMALL.vocabulary, length=SMALL.positions - 2)
    run("dvc", "add", "--quiet", "data", cwd=root)
    run("dvc", "repro", cwd=root)
    paths = task_paths("depression")
    receipt = json.loads((root / paths.receipt).read_text())
    assert list(receipt["variants"]) == ["fusion", "text_only", "published", "tuned"]
    assert receipt["challenger"] in (receipt["variants"]["fusion"], receipt["variants"]["text_only"])
    picture = next((root / "data/restore/test/images").iterdir()).relative_to(root)
    model = root / paths.variant("published").model
    told = json.loads(run("symptomeme", "classify", picture, "--model", model, "--text", "sleep", "--json", cwd=root))
    assert told[0]["tasks"]["depression"]["model"]["variant"] == "published"
    told = json.loads(
        run("symptomeme", "classify", picture, "--model", "models:/symptomeme-depression/3", "--json", cwd=root)
    )
    assert told[0]["tasks"]["depression"]["model"]["variant"] == "published"
    assert run("dvc", "status", cwd=root).strip() == "Data and pipelines are up to date."
    torch.save(weights(Sizes(**{**vars(SMALL), "classes": 7}), seed=3), file)
    run("dvc", "add", "--quiet", "data", cwd=root)
    stale = json.loads(run("dvc", "status", "--json", cwd=root))
    assert set(stale) == {"published@depression-published", "published@depression-tuned"}
