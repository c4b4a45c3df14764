"""`import-checkpoint` as it is typed; what it refuses stands in tests/faults."""

from pathlib import Path

import pytest
import torch
from published_files import agree, inputs, older, write_tokenizer
from published_forward import SMALL, PlainModel, weights
from readme import inline

from symptomeme.cli.main import main
from symptomeme.models.encoders import load_classifier
from symptomeme.models.processor import SymptomProcessor

WEIGHTS = weights(SMALL, seed=4)
COMMAND = [*inline("symptomeme import-checkpoint").split()[1:], "published.pth", "--task", "anxiety", "--out", "model"]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    torch.save(older(WEIGHTS), "published.pth")
    write_tokenizer(Path("data/weights/some-base"), vocabulary=SMALL.vocabulary, length=SMALL.positions - 2)
    return tmp_path


def test_it_writes_a_model_folder_and_says_what_to_type(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COMMAND, "--tokenizer", "someone/some-base"]) == 0
    assert capsys.readouterr().out == (
        f"model written: anxiety, {sum(tensor.numel() for tensor in WEIGHTS.values()):,} parameters, "
        "with contrastive heads.\nNext:\n  symptomeme classify IMAGE --model model\n"
    )
    batch = inputs(SMALL)
    with torch.no_grad():
        agree(load_classifier(Path("model")).eval()(**batch), PlainModel(WEIGHTS)(**batch))
    assert SymptomProcessor.from_pretrained(Path("model")).separator == " [SEP] "
    assert sorted(path.suffix for path in Path("model").iterdir()) == [".json"] * 4 + [".safetensors"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--out", "data"], "data exists. Delete it first, or choose another --out."),
        (["--heads", "12", "0", "8"], "--heads 12 0 8: expected three numbers over 0."),
        (
            [],
            "tokenizer mental-roberta-base: neither a folder nor under data/weights. Run 'symptomeme fetch-weights "
            "text mental-roberta-base', or name a folder with --tokenizer.",
        ),
    ],
)
def test_wrong_options_are_told(words: list[str], told: str, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COMMAND, *words]) == 1
    assert capsys.readouterr().err == f"symptomeme import-checkpoint: {told}\n"
