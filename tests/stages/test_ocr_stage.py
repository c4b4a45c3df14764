import logging
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from symptomeme.domain.digests import of_file
from symptomeme.domain.errors import InputError
from symptomeme.domain.labels import ANXIETY
from symptomeme.domain.layout import task_paths
from symptomeme.domain.records import MEME_ROWS, TEXT_ROWS, read_rows, write_rows
from symptomeme.domain.sections.words import OcrParams
from symptomeme.stages import ocr
from symptomeme.text.tesseract import TesseractEngine

TEXTS = {"train/TR-2": "worry again", "train/TR-10": "cannot sit still", "test/TE-1": "calm down"}


def params(source):
    return OcrParams(
        source=source,
        lang="eng",
        page_segmentation=6,
        view="grey",
        light_threshold=190,
        dark_threshold=110,
        upscale=1.0,
        min_confidence=0.0,
        mask_personal=True,
    )


@pytest.fixture
def drawn():
    def draw(text):
        picture = Image.new("RGB", (360, 70), "white")
        font = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), 32)
        ImageDraw.Draw(picture).text((15, 15), text, fill="black", font=font)
        return picture

    return draw


@pytest.fixture
def project(tmp_path, monkeypatch, drawn):
    monkeypatch.chdir(tmp_path)
    rows = []
    for number, (key, text) in enumerate(TEXTS.items()):
        path = Path(f"{number}.png")
        drawn(text).save(path)
        origin, name = key.split("/")
        rows.append(
            {
                "key": key, "id": name, "origin": origin, "split": origin, "image": str(path),
                "sha256": sha256(path.read_bytes()).hexdigest(), "width": 360, "height": 70, "phash": "0" * 16,
                "labels": ["Restlessness"], "given_text": f"given  {text}", "given_reasoning": "", "cluster": key,
                "leaked": False, "fault": None,
            }
        )  # fmt: skip
    rows.append({**rows[-1], "key": "test/TE-2", "id": "TE-2"})  # the same picture
    write_rows(task_paths("anxiety").valid, rows, MEME_ROWS)
    return tmp_path


def test_tesseract_reads_once_and_leaves_the_same_bytes(project, monkeypatch, caplog, capsys):
    texts = task_paths("anxiety").texts
    with caplog.at_level(logging.DEBUG):
        ocr.run(ANXIETY, params("tesseract"))
    found = read_rows(texts, TEXT_ROWS)
    assert list(found["key"]) == [*TEXTS, "test/TE-2"]
    assert list(found["text"]) == [*TEXTS.values(), "calm down"]
    assert list(found["words"]) == [2, 3, 2, 2]
    assert (found["confidence"] > 50).all()
    assert found["engine"].str.startswith("tesseract ").all()
    assert "worry" not in caplog.text

    assert (
        capsys.readouterr().err
        == "artifacts/anxiety/valid.parquet: 4 memes with 3 different pictures, each read once.\n"
    )

    first = texts.read_bytes()
    monkeypatch.setattr(TesseractEngine, "read", lambda *_: pytest.fail("read again"))
    ocr.run(ANXIETY, params("tesseract"))
    assert texts.read_bytes() == first


def test_given_text_needs_no_tesseract(project, monkeypatch):
    monkeypatch.setenv("PATH", "")
    ocr.run(ANXIETY, params("given"))
    found = read_rows(task_paths("anxiety").texts, TEXT_ROWS)
    assert list(found["text"]) == [f"given  {text}" for text in [*TEXTS.values(), "calm down"]]
    assert found["confidence"].isna().all()
    assert list(found["words"]) == [3, 4, 3, 3]
    assert set(found["engine"]) == {"given"}


@pytest.mark.parametrize(("mask", "expected"), [(True, "ask @user again"), (False, "ask @ada again")])
@pytest.mark.parametrize("source", ["tesseract", "given"])
def test_persons_are_masked_in_words_of_either_source_if_so_asked(project, drawn, source, mask, expected):
    rows = read_rows(task_paths("anxiety").valid, MEME_ROWS).to_dict("records")[:1]
    drawn("ask @ada again").save(rows[0]["image"])
    rows[0] |= {"sha256": of_file(Path(rows[0]["image"])), "given_text": "ask @ada again"}
    write_rows(task_paths("anxiety").valid, rows, MEME_ROWS)
    ocr.run(ANXIETY, params(source).model_copy(update={"mask_personal": mask}))
    found = read_rows(task_paths("anxiety").texts, TEXT_ROWS)
    assert list(found["text"]) == [expected]
    assert list(found["words"]) == [3]


def test_a_run_with_nothing_to_read_loads_nothing_to_look_for_letters_with():
    code = "import symptomeme.stages.ocr, sys; print('symptomeme.text.shapes' in sys.modules, 'scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True False\n"


def test_before_validate_the_missing_table_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"^artifacts/anxiety/valid\.parquet is missing"):
        ocr.run(ANXIETY, params("given"))
