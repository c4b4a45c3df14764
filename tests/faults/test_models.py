"""A model folder of which a file is damaged: `classify` says so in one line, and names the folder."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from safetensors.torch import load_file, save_file
from small_models import write_model

from symptomeme.cli.main import main

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut off": lambda whole: whole[: len(whole) // 2],
    "empty": lambda _: b"",
    "no keys": lambda _: b"{}",
    "null": lambda _: b"null",
    "a list": lambda _: b"[]",
    "no text": lambda _: bytes(range(256)),
}
FILES = ("config.json", "model.safetensors", "processor_config.json", "tokenizer.json", "tokenizer_config.json")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path) -> Path:
    return write_model(tmp_path_factory.mktemp("whole") / "model", text_folder, vision_folder)


@pytest.fixture
def model(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `whole`, beside a picture in the current folder."""
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (64, 64), "teal").save("meme.png")
    return Path(shutil.copytree(whole, "model"))


def classify(*options: str) -> int:
    return main(["classify", "meme.png", "--text", "cannot sleep", "--model", "model", *options])


def test_these_are_its_files_and_whole_it_answers(model: Path) -> None:
    assert {path.name for path in model.iterdir()} == set(FILES)
    assert classify() == 0


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"thresholds": {"Restlessness": "x"}}, "thresholds.Restlessness: input should be a valid number, found 'x'"),
        ({"thresholds": {"Restlessness": None}}, "thresholds.Restlessness: input should be a valid number, found None"),
        ({"temperature": 0}, "temperature: input should be greater than 0, found 0"),
        ({"temperature": None}, "temperature: input should be a valid number, found None"),
        ({"class_calibration": {"Restlessness": [1]}}, "class_calibration.Restlessness: value should have at least 2 "),
        ({"class_calibration": {}}, "class_calibration has nothing for '"),
        ({"min_confidence": "a"}, "min_confidence: input should be a valid number, found 'a'"),
        ({"ocr": [1]}, "ocr: input should be a valid dictionary, found [1]"),
        ({"num_depths": -1}, "num_depths: input should be greater than or equal to 1, found -1"),
    ],
    ids=str,
)
def test_a_value_that_is_not_as_it_was_written_is_told(
    model: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, object], told: str
) -> None:
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | changes))
    assert classify() == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert f"model model: config of a symptomeme model: {told}" in err


@pytest.mark.parametrize("output", [[], ["--json"]])
def test_answers_that_are_no_numbers_are_told(
    model: Path, capsys: pytest.CaptureFixture[str], output: list[str]
) -> None:
    weights = load_file(model / "model.safetensors")
    weights["classifier.0.weight"][0, 0] = float("nan")
    save_file(weights, model / "model.safetensors", metadata={"format": "pt"})
    assert classify(*output) == 1
    assert capsys.readouterr() == (
        "",
        "symptomeme classify: model model: its answers hold NaN or infinity: its weights are damaged, or its training "
        "has diverged. Bring them back, or train it again.\n",
    )


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("file", FILES)
def test_a_damaged_file_is_told(model: Path, capsys: pytest.CaptureFixture[str], file: str, damage: str) -> None:
    (model / file).write_bytes(DAMAGES[damage]((model / file).read_bytes()))
    assert classify() == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(
        r"symptomeme classify: model model: [^\n]+ cannot be loaded \([^\n]+\)\. Bring [^\n]+\n", err
    ) or (re.fullmatch(r"symptomeme classify: model model: no config that [^\n]+\. Bring [^\n]+\n", err)), err
