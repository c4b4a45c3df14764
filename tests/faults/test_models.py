"""A model folder of which a file is damaged: `classify` says so in one line, and names the folder."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
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


def classify() -> int:
    return main(["classify", "meme.png", "--text", "cannot sleep", "--model", "model"])


def test_these_are_its_files_and_whole_it_answers(model: Path) -> None:
    assert {path.name for path in model.iterdir()} == set(FILES)
    assert classify() == 0


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
