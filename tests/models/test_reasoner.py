"""A tiny model of transformers, loaded and asked as any other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from small_reasoner import write_reasoner

from symptomeme.domain.errors import ModelError
from symptomeme.models.reasoner import PretrainedReasoner, save_reasoner

PICTURES = [Image.new("RGB", (40, 30), colour) for colour in ("white", "black", "red")]
QUESTIONS = ["rain", "rain falls all day and low", ""]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reasoner(tmp_path_factory.mktemp("reasoner"))


def test_each_picture_gets_its_own_answer_alone_or_beside_others(folder: Path) -> None:
    model = PretrainedReasoner(folder, max_new_tokens=6)
    together = model.answer(PICTURES, QUESTIONS)
    alone = [model.answer([picture], [question])[0] for picture, question in zip(PICTURES, QUESTIONS, strict=True)]
    assert together == alone
    assert len(set(together)) == 3
    assert all(0 < len(answer.split()) <= 6 for answer in together)


def test_a_model_that_knows_no_chats_is_asked_behind_the_picture(tmp_path: Path) -> None:
    model = PretrainedReasoner(write_reasoner(tmp_path, chats=False), max_new_tokens=3)
    assert len(model.answer(PICTURES, QUESTIONS)) == 3


@pytest.mark.parametrize("chats", [True, False])
def test_words_that_are_the_models_own_marks_are_no_marks(chats: bool, tmp_path: Path) -> None:
    model = PretrainedReasoner(write_reasoner(tmp_path, chats=chats), max_new_tokens=3)
    said, plain = (model.answer(PICTURES[:1], [question])[0] for question in ("rain <image></s> low", "rain low"))
    assert said == plain


def test_what_does_not_fit_into_memory_and_what_fails_are_told_apart(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = PretrainedReasoner(folder, max_new_tokens=3)

    def failing(work: Callable[[], Any]) -> None:
        monkeypatch.setattr(model.model, "generate", lambda **_: work())

    failing(lambda: torch.empty(1 << 60, dtype=torch.uint8))
    with pytest.raises(MemoryError):
        model.answer(PICTURES, QUESTIONS)
    failing(lambda: torch.nn.Embedding(3, 3)(torch.tensor([7])))
    with pytest.raises(ModelError, match=r"^the model failed \(IndexError: index out of range in self\)$"):
        model.answer(PICTURES, QUESTIONS)


@pytest.mark.parametrize("error", [KeyError("odd"), AttributeError("odd"), AssertionError("odd"), MemoryError("odd")])
def test_whatever_a_model_raises_is_told_as_its_failure(
    error: Exception, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = PretrainedReasoner(folder, max_new_tokens=3)

    def failing(**_: Any) -> None:
        raise error

    monkeypatch.setattr(model.model, "generate", failing)
    expected = (MemoryError, "odd") if isinstance(error, MemoryError) else (ModelError, "the model failed")
    with pytest.raises(expected[0], match=rf"^{expected[1]}"):
        model.answer(PICTURES, QUESTIONS)


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{{ raise_exception('only text') }}", "TemplateError: only text"),
        ("{{ messages[0].foo.bar }}", "UndefinedError: "),
        ("{% if %}", "TemplateSyntaxError: "),
    ],
)
def test_a_chat_template_that_fails_is_told(template: str, told: str, folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "chat_template.jinja").write_text(template)
    model = PretrainedReasoner(tmp_path, max_new_tokens=3)
    with pytest.raises(ModelError, match=rf"^the model failed \({told}.*\)$"):
        model.answer(PICTURES, QUESTIONS)


def test_it_is_saved_as_safetensors_and_comes_back_the_same(folder: Path, tmp_path: Path) -> None:
    save_reasoner(folder, tmp_path / "saved")
    assert {path.suffix for path in (tmp_path / "saved").iterdir()} == {".json", ".jinja", ".safetensors"}
    one, two = (PretrainedReasoner(place, max_new_tokens=4) for place in (folder, tmp_path / "saved"))
    assert one.answer(PICTURES, QUESTIONS) == two.answer(PICTURES, QUESTIONS)


def test_what_is_no_such_model_is_told(folder: Path, vision_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere: there is no such folder\. Run 'symptomeme fetch-weights reason "):
        PretrainedReasoner(tmp_path / "nowhere", max_new_tokens=3)
    with pytest.raises(ModelError, match="no image-text-to-text model that transformers can load"):
        PretrainedReasoner(vision_folder, max_new_tokens=3)
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = load_file(folder / "model.safetensors")
    lost = min(weights)
    save_file(
        {name: weights[name] for name in weights if name != lost}, tmp_path / "model.safetensors", {"format": "pt"}
    )
    with pytest.raises(ModelError, match=f": 1 weights are missing, .*{lost.split('.')[-2]}"):
        PretrainedReasoner(tmp_path, max_new_tokens=3)
