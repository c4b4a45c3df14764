from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from accelerate import PartialState, debug_launcher

from symptomeme.learning.batches import Encoded
from symptomeme.learning.fit import is_main_process
from symptomeme.models.classifier import SymptomClassifier

Build = Callable[..., SymptomClassifier]
Train = Callable[..., list[dict[str, float]]]


def run(model: SymptomClassifier, memes: Encoded, train: Train, folder: Path) -> None:
    """What each process does."""
    curve = train(model, memes, folder / "checkpoint", scores=iter([0.1, 0.2]), patience=None, epochs=2)
    rank = PartialState().process_index
    torch.save(
        {"curve": curve, "main": is_main_process(), "weights": model.state_dict()},
        folder / f"{rank}.pt",
    )


def test_two_processes_train_one_model(build: Build, memes: Encoded, train: Train, tmp_path: Path) -> None:
    model = build()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    debug_launcher(partial(run, model, memes, train, tmp_path), num_processes=2)
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    assert (first["main"], second["main"]) == (True, False)
    assert first["curve"] == second["curve"] and len(first["curve"]) == 2
    assert all(torch.equal(weight, second["weights"][name]) for name, weight in first["weights"].items())
    assert not torch.equal(first["weights"]["classifier.4.weight"], before["classifier.4.weight"])
    assert (tmp_path / "checkpoint/curve.json").is_file()
