"""What `report` tells of seeds that were kept."""

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import real_text
from kept_runs import KEPT, commits_told
from report_tables import error_rows, stage_rows

from symptomeme.domain.labels import ANXIETY
from symptomeme.domain.records import MEME_ROWS, PREDICTION_ROWS, TEXT_ROWS, write_rows

SPLITS = ("train", "train", "val", "test")


def stage(**told: Any) -> dict[str, Any]:
    return {"seconds": 4.0, "goes": 1, "how": "ran", "warm": False, "memes": 10, "epochs": 2, "commits": ["a1"], **told}


def rows_of(count: int) -> pd.DataFrame:
    """Columns of all the kept tables; every third prediction is of another class."""
    labels = [[ANXIETY.labels[number // 4 % len(ANXIETY.labels)]] for number in range(count)]
    keys = [f"train/{number}" for number in range(count)]
    texts = [f"{found[0]} number {number} by @somebody" for number, found in enumerate(labels)]
    same = {
        "origin": "train", "image": "none.jpg", "width": 9, "height": 9, "phash": "0" * 16, "given_reasoning": "",
        "leaked": False, "fault": None, "confidence": 90.0, "words": 5, "engine": "made up", "abstain": False,
    }  # fmt: skip
    return pd.DataFrame(
        {
            **dict.fromkeys(("key", "id", "sha256", "cluster"), keys),
            "split": [SPLITS[number % 4] for number in range(count)],
            "labels": labels,
            "predicted": [found if number % 3 else [ANXIETY.labels[0]] for number, found in enumerate(labels)],
            "probabilities": [[1 / len(ANXIETY.labels)] * len(ANXIETY.labels)] * count,
            "given_text": texts,
            "text": [text.replace("@somebody", "@user") for text in texts],
        }
    ).assign(**same)


def keep_seed(seed: int, **run: Any) -> None:
    folder, rows = KEPT / "anxiety" / str(seed), rows_of(72)
    for schema, name in ((MEME_ROWS, "valid"), (TEXT_ROWS, "texts")):
        write_rows(folder / f"{name}.parquet", rows[schema.names], schema)
    for variant in ("fusion", "text_only"):
        held_out = rows[rows.split != "train"]
        write_rows(folder / variant / "predictions.parquet", held_out[PREDICTION_ROWS.names], PREDICTION_ROWS)
    made_of = {"params": "p" * 64, "data": "d" * 64, "variants": ["fusion", "text_only"]}
    told = {"seed": seed, "made_of": made_of, "stages": {"ingest@anxiety": stage()}, **run}
    (folder / "run.json").write_text(json.dumps(told))


@pytest.mark.parametrize("markdown", [False, True], ids=["plain", "markdown"])
def test_a_report_of_kept_seeds(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, markdown: bool
) -> None:
    assert Path.cwd() == workplace
    old = stage()
    del old["commits"]
    keep_seed(1, masked=True)
    keep_seed(2, stages={"ingest@anxiety": old}, commit="b2")  # as kept before commits were noted by stage
    monkeypatch.setattr(sys, "argv", ["real_text.py", "report", "anxiety", *["--markdown"] * markdown])
    real_text.main()
    told = capsys.readouterr().out
    lines = told.splitlines()
    assert "Seed 1: commit a1, params pppppppppppp. data dddddddddddd." in lines
    assert "Seed 2: commit unknown (kept at b2), params pppppppppppp. data dddddddddddd." in lines
    assert "Against the given texts, masked as the read ones are." in lines
    assert ("### Words read" in lines) is markdown
    cells = [[cell.strip() for cell in line.strip("| ").split("|" if markdown else "  ") if cell] for line in lines]
    assert ["all", "72", "0.0000", "0.0000"] in [[cell for cell in row if cell] for row in cells]
    assert any(line.strip("| ").startswith("fusion - text_only") and "+" not in line for line in lines)
    assert "test, published, 18 memes" in told


def test_a_mask_is_no_error_where_the_run_masked() -> None:
    memes = rows_of(8)
    assert error_rows(memes, ANXIETY, mask=True)[1][2] == "0.0000"
    assert float(error_rows(memes, ANXIETY, mask=False)[1][2]) > 0.1


def test_errors_are_told_by_drawn_style_and_without_texts_that_were_cut(workplace: Path) -> None:
    memes = rows_of(4).assign(given_text=["abcd", "abcd", "abcd", ""], text=["abcd", "abcx", "ab", "never counted"])
    boxes = workplace / "data/axiom/train/boxes.jsonl"
    boxes.parent.mkdir(parents=True)
    drawn = [("train/0", "caption", False), ("train/1", "outlined", False), ("train/2", "outlined", True)]
    boxes.write_text("".join(json.dumps(dict(zip(("key", "style", "cut"), row, strict=True))) + "\n" for row in drawn))
    assert error_rows(memes, ANXIETY, mask=True)[1:] == [
        ["all", "3", "0.2500", "0.2500"],
        ["all but texts cut when drawn", "2", "0.1250", "0.1250"],
        ["caption", "1", "0.0000", "0.0000"],
        ["outlined", "2", "0.3750", "0.3750"],
    ]


def test_a_stage_is_told_as_the_first_seed_that_ran_it() -> None:
    first = {"seed": 1, "stages": {"ingest": stage(how="unchanged"), "ocr": stage(how="restored")}}
    second = {"seed": 2, "stages": {"ingest": stage(goes=3, warm=True), "ocr": stage(how="unchanged")}}
    assert stage_rows([first, second])[1:] == [
        ["ingest", "2", "10", "2", "4.0", "5.00", "in 3 goes, its cache was warm"],
        ["ocr", "1", "10", "2", "-", "-", "restored, not run"],
    ]


def test_stages_at_different_commits_are_told() -> None:
    both = {"stages": {"ingest": stage(), "ocr": stage(commits=["a1", "b2"]), "train": stage(commits=["b2"])}}
    assert commits_told(both) == "STAGES RAN AT DIFFERENT COMMITS (a1: ingest; a1 then b2: ocr; b2: train)"
