"""A disk that is full: one line, nothing half-written, the old file still there."""

import errno
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from faults.fault import SIZE
from ocr_settings import GREY
from PIL import Image
from safetensors.torch import save_file

from symptomeme.cli.main import main
from symptomeme.domain.digests import of_file
from symptomeme.domain.errors import ToolError
from symptomeme.domain.records import SPLIT_ROWS, write_rows
from symptomeme.domain.writing import replacing, write_json
from symptomeme.lifecycle.candidate import DATA_KIND, KIND, TASK, VARIANT, Candidate
from symptomeme.lifecycle.registry import Registry
from symptomeme.sample.draw import Order, draw_meme
from symptomeme.text.ocr import Reading, read_all
from symptomeme.text.tesseract import TesseractEngine

NOISE = np.random.default_rng(0).integers(0, 256, 2 * SIZE, dtype=np.uint8)
WRITERS: dict[str, Callable[[Path], object]] = {
    "bytes": lambda path: path.write_bytes(NOISE.tobytes()),
    "numpy": lambda path: np.save(path.open("wb"), NOISE),
    "csv": lambda path: pd.DataFrame({"value": NOISE}).to_csv(path),
    "parquet": lambda path: pq.write_table(pa.table({"value": NOISE}), path, compression=None),
    "safetensors": lambda path: save_file({"weights": torch.from_numpy(NOISE)}, path),
    "torch": lambda path: torch.save({"state": torch.from_numpy(NOISE)}, path),
    "picture": lambda path: Image.fromarray(NOISE.reshape(2048, -1)).save(path, "PNG"),
}
TOLD = "No space left on device"


def files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # of libraries whose last write failed
@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_is_told_alike_by_whatever_writes(small_disk: Path, writer: str) -> None:
    place = small_disk / "out" / "kept"
    write_json(place, {"old": 1})
    with pytest.raises(OSError, match=TOLD) as error, replacing(place) as beside:
        WRITERS[writer](beside)
    assert (error.value.errno, error.value.filename) == (errno.ENOSPC, str(place))
    assert files(small_disk) == ["out", "out/kept"]
    assert json.loads(place.read_text()) == {"old": 1}


def test_an_import_onto_a_full_disk_leaves_nothing(
    workplace: Path, small_disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workplace / "data").symlink_to(small_disk, target_is_directory=True)
    folder = tmp_path / "anxiety"
    (folder / "train").mkdir(parents=True)
    rows = [{"sample_id": f"TR-{n}", "ocr_text": "", "meme_anxiety_category": "Restlessness"} for n in range(8)]
    (folder / "train.json").write_text(json.dumps(rows))
    for n in range(8):
        Image.fromarray(np.roll(NOISE, n)[:750_000].reshape(500, 500, 3)).save(folder / f"train/TR-{n}.png")
    assert main(["import-data", "anxiety", str(folder)]) == 1
    assert capsys.readouterr().err == f"symptomeme import-data: data/axiom {TOLD}. Make room and run it again.\n"
    assert files(small_disk) == []


@pytest.mark.parametrize("full", ["mlruns.db", "mlartifacts"])
def test_a_registry_without_room_is_told(
    full: str, small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    model = tmp_path / "model"
    model.mkdir()
    write_json(model / "config.json", {})
    (model / "model.safetensors").write_bytes(NOISE[:SIZE].tobytes())
    if full == "mlartifacts":
        monkeypatch.chdir(tmp_path)
        (tmp_path / full).symlink_to(small_disk, target_is_directory=True)
        told = rf"{small_disk}/\S+ No space left on device\. Make room and run it again\."
    else:
        monkeypatch.chdir(small_disk)
        told = r"MLflow: its database finds no room on its disk, or the disk fails\. Make room where MLFLOW_\w+ .+"
        (small_disk / "filler").write_bytes(NOISE[: SIZE - 300_000].tobytes())

    def register(_: object) -> int:
        tags = {TASK: "anxiety", VARIANT: "fusion", DATA_KIND: "published", KIND: "variant"}
        item = Candidate(digest="d", tags=tags, params={}, metrics={}, curves={}, model=model, files={}, description="")
        return int(Registry(experiment="test").add("full", item).version)

    monkeypatch.setattr("symptomeme.cli.stage.run", register)
    assert main(["register", "--task", "anxiety"]) == 1
    assert re.fullmatch(rf"symptomeme register: {told}", capsys.readouterr().err.splitlines()[-1])


BLOCK = 4096  # bytes that the small disk gives at a time


@pytest.mark.parametrize("more", [-BLOCK, 0, BLOCK, 3 * BLOCK], ids=["a page short", "no end", "no table", "cut table"])
def test_words_are_read_whole_or_not_at_all_where_temporary_files_find_no_room(
    more: int, small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = []
    for n in range(4):
        path = tmp_path / f"{n}.jpg"
        text = f"{n} {'nobody answers me and i worry that they all have moved on ' * 4}"
        path.write_bytes(draw_meme(Order(key=str(n), text=text, style="caption", widths=(640, 640))).data)
        pictures.append((of_file(path), path))
    engine = TesseractEngine(**GREY)

    def read(cache: str) -> list[Reading]:
        return read_all(engine, pictures, cache=tmp_path / cache, batch_size=25, workers=1)

    whole = read("roomy")
    assert min(reading.words for reading in whole) > 40
    pages = sum(-(-(width * height + 15) // BLOCK) * BLOCK for _, path in pictures for width, height in [size_of(path)])
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))
    filler = small_disk / "filler"
    filler.write_bytes(NOISE.tobytes()[: shutil.disk_usage(small_disk).free - pages - more])
    if more > 0:
        assert read("narrow") == whole
    else:
        with pytest.raises(
            ToolError, match=rf"^{small_disk}: no room for the pages that Tesseract reads\. Make room, "
        ):
            read("narrow")
    assert files(small_disk) == ["filler"]
    filler.unlink()
    assert read("narrow") == whole


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


@pytest.mark.parametrize("kept", [True, False])
def test_a_table_that_finds_no_room_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool) -> None:
    """The same without a mount: the library that writes is made to fail midway."""
    place = tmp_path / "splits.parquet"
    if kept:
        write_rows(place, [{"key": "train/TR-1", "split": "train"}], SPLIT_ROWS)
    before = place.read_bytes() if kept else None

    def half(_: object, path: Path, **__: object) -> None:
        path.write_bytes(b"PAR1")
        raise OSError(errno.ENOSPC, f"Error writing bytes. Detail: [errno 28] {TOLD}")  # as pyarrow does

    monkeypatch.setattr(pq, "write_table", half)
    with pytest.raises(OSError, match=TOLD) as error:
        write_rows(place, [{"key": "train/TR-1", "split": "val"}], SPLIT_ROWS)
    assert error.value.filename == str(place)
    assert files(tmp_path) == (["splits.parquet"] if kept else [])
    assert not kept or place.read_bytes() == before


def test_an_error_with_room_left_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="odd"), replacing(tmp_path / "file"):
        raise ValueError("odd")
