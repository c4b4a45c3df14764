"""How many threads of torch answers are computed with at the terminal."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from symptomeme.cli.main import main
from symptomeme.domain.threads import THREADS
from symptomeme.predictor import Predictor


@pytest.mark.parametrize("verb", [["classify"], ["explain", "--label", "Restlessness"]], ids=["classify", "explain"])
def test_answers_outside_of_a_project_are_computed_as_in_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_model: Path, verb: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (64, 64), "teal").save("meme.png")
    seen, load = [], Predictor.__init__

    def noting(predictor: Predictor, folder: Path) -> None:
        seen.append(torch.get_num_threads())
        load(predictor, folder)

    monkeypatch.setattr(Predictor, "__init__", noting)
    torch.set_num_threads(THREADS + 1)
    try:
        assert main([*verb, "meme.png", "--model", str(small_model), "--text", "i cannot sleep"]) == 0
        assert [*seen, torch.get_num_threads()] == [THREADS, THREADS]
    finally:
        torch.set_num_threads(1)
