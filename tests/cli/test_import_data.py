import argparse
import io
import json
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from symptomeme.cli import import_data
from symptomeme.domain import params

TRAIN = [("TR-1", "Restlessness"), ("TR-2", "Nervousness"), ("TR-3", "Nervousness"), ("TR-4", "Unknown")]


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four train memes, one with a label that is no class, and a test meme with the words of TR-1."""
    monkeypatch.chdir(tmp_path)
    rows = [{"sample_id": of, "ocr_text": f"words {of}", "meme_anxiety_category": label} for of, label in TRAIN]
    test = [{"sample_id": "TE-1", "ocr_text": "Words TR-1!", "meme_anxiety_category": "Restlessness"}]
    path = Path("anxiety_dataset_complete.zip")
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("anxiety_train.json", json.dumps(rows))
        packed.writestr("anxiety_test.json", json.dumps(test))
        for shade, meme_id in enumerate([*dict(TRAIN), "TE-1"]):
            out = io.BytesIO()
            Image.linear_gradient("L").rotate(30 * shade).save(out, "PNG")
            split = {"TR": "train", "TE": "test"}[meme_id[:2]]
            packed.writestr(f"anxiety_{split}_image/{meme_id}.png", out.getvalue())
    return path


@pytest.fixture(autouse=True)
def profile(monkeypatch: pytest.MonkeyPatch) -> None:
    """The params of the sample, wherever the test runs."""
    sample = Path(__file__).parents[2] / "profiles" / "sample.yaml"
    loaded = params.read_params(sample)
    monkeypatch.setattr(params, "read_params", lambda: loaded)


def typed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    import_data.add_to(parser.add_subparsers())
    return parser.parse_args(["import-data", *words])


def test_the_report_says_what_was_taken_and_what_to_type(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = typed("anxiety", str(archive), "--val-share", "0")
    assert args.run(args) == 0
    assert capsys.readouterr().out == (
        """\
AxiOM: 4 memes taken (published data)

                        train    test
Nervousness                 2       0
Lack of Worry Control       0       0
Excessive Worry             0       0
Difficulty Relaxing         0       0
Restlessness                1       1
Impending Doom              0       0
memes                       3       1

data/axiom now holds 4 memes: train 3, test 1.
1 of train and val have a duplicate in test or extra; they stay, marked as leaked.

Left out or mended:
       1  label that is no class, meme left out: train/TR-4

Next:
  symptomeme import-data depression ARCHIVE  (without it: delete 'depression: restore' under tasks in params.yaml)
  symptomeme fetch-weights sample
  dvc add data
  dvc repro
  symptomeme results
  dvc push  (where a remote is set: docs/data.md)
"""
    )


def test_an_addition_tells_of_the_new_memes_and_of_the_whole(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = typed("anxiety", str(archive))
    args.run(args)
    args = typed("anxiety", str(archive), "--add")
    capsys.readouterr()
    assert args.run(args) == 0
    told = capsys.readouterr().out
    assert told.startswith("AxiOM: 0 memes taken (published data)\n")
    assert "data/axiom now holds 4 memes" in told
    assert "       4  there already, skipped: train/TR-1, train/TR-2, train/TR-3, test/TE-1\n" in told


def test_all_that_is_left_out_stands_in_a_file_where_the_terminal_names_a_few(
    tmp_path: Path, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "more"
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    file = next(folder.glob("anxiety_train.json"))
    lost = [{"sample_id": f"TR-9{n}", "ocr_text": "lost", "meme_anxiety_category": "Restlessness"} for n in range(7)]
    file.write_text(json.dumps(json.loads(file.read_text()) + lost))
    args = typed("anxiety", str(folder))
    args.run(args)
    assert "\nAll of them, with reasons: reports/left_out_anxiety.tsv\n" in capsys.readouterr().out
    rows = [line.split("\t") for line in Path("reports/left_out_anxiety.tsv").read_text().splitlines()]
    assert ["label that is no class, meme left out", "train/TR-4"] in rows
    assert {f"train/TR-9{n}" for n in range(7)} <= {name for _, name in rows}


@pytest.mark.parametrize("share", ["1", "-0.1", "nan", "much"])
def test_a_share_that_is_none_is_refused(share: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        typed("anxiety", "a.zip", f"--val-share={share}")
    assert f"{share!r} is no share; expected a number from 0 to under 1, such as 0.125" in capsys.readouterr().err


def test_defaults_and_several_archives() -> None:
    args = typed("depression", "a.zip", "b")
    assert (args.archives, args.add, args.val_share, args.seed) == ([Path("a.zip"), Path("b")], False, 0.125, 42)
