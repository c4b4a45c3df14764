"""The stage on a few memes, and what of it reaches the model."""

import logging
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pytest
from PIL import Image
from small_reasoner import GARBAGE, GOOD, write_reasoner

from symptomeme.domain.digests import of_folder
from symptomeme.domain.errors import DataError, InputError, ModelError
from symptomeme.domain.labels import ANXIETY
from symptomeme.domain.layout import task_paths
from symptomeme.domain.records import MEME_ROWS, REASONING_ROWS, TEXT_ROWS, read_rows, write_rows
from symptomeme.domain.sections.words import ReasonParams
from symptomeme.learning.batches import encode, read_memes, with_reasoning
from symptomeme.models.processor import build_processor
from symptomeme.models.reasoner import PretrainedReasoner
from symptomeme.stages import reason

PATHS = task_paths("anxiety")
COLOURS = {"train/TR-1": "white", "train/TR-2": "black", "val/VA-1": "white"}


@pytest.fixture(scope="module")
def reasoner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that says GOOD of white pictures and GARBAGE of black ones."""
    return write_reasoner(tmp_path_factory.mktemp("reasoner"), steps=80)


@pytest.fixture(autouse=True)
def memes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = []
    for number, (key, colour) in enumerate(COLOURS.items()):
        image = Path(f"{number}.png")
        Image.new("RGB", (30 + number, 20), colour).save(image)
        split, name = key.split("/")
        rows.append(
            {
                "key": key, "id": name, "origin": split, "split": split, "image": str(image),
                "sha256": sha256(image.read_bytes()).hexdigest(), "width": 30 + number, "height": 20, "phash": "0" * 16,
                "labels": [ANXIETY.labels[number]], "given_text": "", "given_reasoning": f"because of {key}",
                "cluster": key, "leaked": False, "fault": None,
            }
        )  # fmt: skip
    write_rows(PATHS.valid, [*rows, {**rows[0], "key": "train/TR-3", "labels": ["Restlessness"]}], MEME_ROWS)
    texts = [
        {"key": key, "text": "cannot sleep", "confidence": None, "words": 2, "engine": "given"}
        for key in (*COLOURS, "train/TR-3")
    ]
    write_rows(PATHS.texts, texts, TEXT_ROWS)


def run(
    source: Literal["none", "given", "generate"], model: Path | str = "unused", *, mask: bool = True, **changes: Any
) -> pd.DataFrame:
    settings = {"batch_size": 2, "max_new_tokens": 40, "max_failed_share": 0.25, **changes}
    reason.run(ANXIETY, ReasonParams(source=source, model=str(model), **settings), mask_personal=mask)
    return read_rows(PATHS.reasoning, REASONING_ROWS)


def test_with_no_source_the_table_is_empty_and_no_model_is_loaded() -> None:
    rows = run("none")
    assert rows.key.tolist() == [*COLOURS, "train/TR-3"]
    assert (set(rows.reasoning), set(rows.reasoner)) == ({""}, {"none"})
    assert PATHS.reasoning_counts.read_text() == '{\n  "memes": 4,\n  "with_reasoning": 0,\n  "failed": 0\n}\n'
    assert not with_reasoning(read_memes(ANXIETY))
    slow = "import sys, symptomeme.stages.reason; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", slow], check=False).returncode == 0


def test_given_reasoning_is_taken_as_it_came_and_reaches_the_model(text_folder: Path) -> None:
    rows = run("given")
    assert rows.reasoning.tolist() == [f"because of {key}" for key in ("train/TR-1", "train/TR-2", "val/VA-1")] + [
        "because of train/TR-1"
    ]
    assert (set(rows.reasoner), rows.fault.notna().any()) == ({"given"}, False)
    found = read_memes(ANXIETY)
    assert with_reasoning(found)
    processor = build_processor(
        tokenizer=text_folder, vision_encoder=None, image_size=32, image_fit="squash", separator=None, max_length=12
    )
    for reasoning, behind in ((True, " [SEP] because of [UNK]"), (False, "")):
        encoded = encode(found, ANXIETY, processor, text=True, image=False, reasoning=reasoning)
        assert encoded.input_ids
        assert processor.tokenizer.decode(encoded.input_ids[0]) == f"[CLS] cannot sleep{behind} [SEP]"


@pytest.mark.parametrize("mask", [True, False])
def test_who_can_be_reached_by_given_reasoning_is_masked_as_in_the_words(mask: bool) -> None:
    rows = read_rows(PATHS.valid, MEME_ROWS)
    write_rows(PATHS.valid, rows.assign(given_reasoning="as @ada_lovelace (ada@mail.example.org) says"), MEME_ROWS)
    kept = "as @user (@email) says" if mask else "as @ada_lovelace (ada@mail.example.org) says"
    assert set(run("given", mask=mask).reasoning) == {kept}


def test_a_model_writes_it_and_what_cannot_be_read_is_kept_and_counted(
    reasoner: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with caplog.at_level(logging.DEBUG):
        rows = run("generate", reasoner)
    assert rows.reasoning.tolist() == [GOOD, "", GOOD, GOOD]
    assert rows.answer.tolist() == [None, GARBAGE, None, None]
    assert rows.fault.tolist() == [None, "no part Cause-Effect", None, None]
    assert rows.reasoner[0].startswith(f"{reasoner.name} {of_folder(reasoner)[:8]}, prompt ")
    assert PATHS.reasoning_counts.read_text() == '{\n  "memes": 4,\n  "with_reasoning": 3,\n  "failed": 1\n}\n'
    assert "reasoning.parquet: no part Cause-Effect: 1. These memes have their words alone" in caplog.text
    assert "rain" not in caplog.text
    assert "sleep" not in caplog.text

    first = PATHS.reasoning.read_bytes()
    monkeypatch.setattr(PretrainedReasoner, "answer", lambda *_: pytest.fail("asked again"))
    run("generate", reasoner)
    assert PATHS.reasoning.read_bytes() == first
    with pytest.raises(pytest.fail.Exception, match="asked again"):
        run("generate", reasoner, max_new_tokens=41)


def test_a_model_that_fails_on_too_many_memes_stops_the_run(reasoner: Path) -> None:
    with pytest.raises(
        DataError, match=r"^1 of 4 memes got no reasoning: no part Cause-Effect: 1\. At most 20\.0% may "
    ):
        run("generate", reasoner, max_failed_share=0.2)
    assert not PATHS.reasoning.exists()


def test_no_memory_for_one_meme_leaves_the_others_theirs(reasoner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = PretrainedReasoner.answer

    def huge(self: PretrainedReasoner, pictures: Any, questions: Any) -> list[str]:
        if any(picture.width == 31 for picture in pictures):
            raise MemoryError
        return answer(self, pictures, questions)

    monkeypatch.setattr(PretrainedReasoner, "answer", huge)
    rows = run("generate", reasoner)
    assert rows.reasoning.tolist() == [GOOD, "", GOOD, GOOD]
    assert rows.fault.tolist() == [None, "out of memory", None, None]


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ModelError, match=r"^reasoning model nowhere: there is no such folder\."):
        run("generate", "nowhere")
    PATHS.texts.unlink()
    with pytest.raises(InputError, match=r"^artifacts/anxiety/texts\.parquet is missing"):
        run("none")
