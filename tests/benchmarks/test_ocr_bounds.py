"""What the benchmark of reading counts, and that a bound that is missed is told."""

import json
from pathlib import Path
from random import Random

import ocr
import ocr_bounds
import pytest
from drawn_memes import Drawn, balanced
from ocr_bounds import FASTER, Measured
from ocr_settings import GREY
from PIL import Image

WELL = Measured({name: factor + 1 for name, factor in FASTER.items()}, {"all": 0.01, "caption": 0.02}, 1.0)


def test_pictures_that_tesseract_is_given_again_count_again() -> None:
    engine = ocr.Counting(**GREY)
    blank = Image.new("RGB", (90, 60), "white")
    engine.read([blank, blank])
    assert engine.given == 2
    engine.read([blank, Image.new("RGB", (40_000, 4)), blank])  # the second is refused: each alone
    assert engine.given == 2 + 3 + 3


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (WELL, []),
        (
            WELL._replace(faster={"pytesseract": 7.99, "pytesseract, OMP_THREAD_LIMIT=1": 2.5}),
            ["7.99 times as fast as pytesseract, at least 8 are asked for"],
        ),
        (
            WELL._replace(faster={"pytesseract": 8.0, "pytesseract, OMP_THREAD_LIMIT=1": 2.4}),
            ["2.40 times as fast as pytesseract, OMP_THREAD_LIMIT=1, at least 2.5 are asked for"],
        ),
        (
            WELL._replace(errors={"all": 0.09, "outlined": 0.13, "caption": 0.031}),
            [
                "character error 0.0900 (all), at most 0.08 is allowed",
                "character error 0.1300 (outlined), at most 0.12 is allowed",
                "character error 0.0310 (caption), at most 0.03 is allowed",
            ],
        ),
        (WELL._replace(readings=1.6), ["1.60 readings a meme, at most 1.5 are allowed"]),
    ],
)
def test_each_bound_that_is_missed_is_named(found: Measured, told: list[str]) -> None:
    assert found.missed() == told


def test_peers_read_as_many_memes_of_either_style() -> None:
    memes = [Drawn(Path(str(n)), style, "", False, 0) for n, style in enumerate(["outlined"] * 30 + ["caption"] * 10)]
    chosen = balanced(memes, 8, Random(1))
    assert sorted(meme.style for meme in chosen) == ["caption"] * 4 + ["outlined"] * 4
    assert len(set(chosen)) == 8
    assert chosen != balanced(memes, 8, Random(2))
    assert len(balanced(memes, 400, Random(1))) == 40


def test_the_benchmark_ends_with_1_and_names_what_is_missed(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"ocr_text": f"nobody answers me for {n} days, i worry"} for n in range(4, 8)]
    (workplace / "rows.json").write_text(json.dumps(rows))
    monkeypatch.setattr("sys.argv", ["ocr.py", "rows.json", "--memes", "4", "--peer-memes", "4"])
    monkeypatch.setattr(ocr_bounds, "FASTER", dict.fromkeys(FASTER, 0.0))  # nothing is measured here
    monkeypatch.setattr(ocr, "NEW_SHARE", 0.5)
    assert ocr.main() == 0
    told = capsys.readouterr().out
    assert "MISSED" not in told
    assert "2 new memes: 2 pictures read, " in told
    assert "2 new memes: the whole command takes " in told
    monkeypatch.setattr(ocr_bounds, "READINGS", 0.9)
    assert ocr.main() == 1
    told = [line for line in capsys.readouterr().out.splitlines() if "MISSED" in line]
    assert told == ["MISSED: 1.00 readings a meme, at most 0.9 are allowed"]
