"""570 damaged pictures and 100 damaged archives: no traceback, nothing accepted that Pillow cannot show whole.

Of an animation that is its first frame: the one that is read.
"""

import io
import json
import re
import shutil
import subprocess
import zipfile
from contextlib import suppress
from itertools import product
from pathlib import Path

import pandas as pd
import pytest
from acceptance.mutations import mutated
from faults.fault import saved, seen
from PIL import Image, ImageFile
from small_project import environment

from symptomeme.cli.main import main

pytestmark = pytest.mark.acceptance

PICTURES = [
    saved(seen(), "JPEG", quality=80),
    saved(seen(), "JPEG", progressive=True),
    saved(seen("CMYK"), "JPEG"),
    saved(seen()),
    saved(seen().quantize(16)),
    saved(seen("RGBA")),
    saved(seen(), "GIF", save_all=True, append_images=[Image.new("RGB", (96, 64), "lime")]),
    saved(seen(), "WEBP", lossless=True),
    saved(seen(), "WEBP", quality=70),
    saved(seen(), "WEBP", save_all=True, append_images=[Image.new("RGB", (96, 64), "lime")]),
    saved(seen(), "BMP"),
    saved(seen().quantize(16), "BMP"),
    saved(seen(), "TIFF"),
    *(saved(seen(), "TIFF", compression=kind) for kind in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")),
    *(saved(seen("1"), "TIFF", compression=kind) for kind in ("group3", "group4")),
]
ENDINGS = ("jpg", "png", "gif", "webp", "jpeg", "bmp", "tif")  # mostly wrong ones
DAMAGED = [mutated(data, 30 * kind + seed) for (kind, data), seed in product(enumerate(PICTURES), range(30))]
IMAGES = Path("data/axiom/train/images")


def first_frame_is_whole(data: bytes) -> bool:
    """What Pillow itself says; it decodes no later frame of an animation, and one that is damaged is no matter."""
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    try:
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
    except Exception:
        return False
    return True


def name_of(number: int) -> str:
    return f"TR-{number}.{ENDINGS[number % len(ENDINGS)]}"


def annotated(path: Path, pictures: dict[str, bytes], method: int) -> Path:
    """An archive with these pictures, each with its annotation."""
    rows = [
        {"sample_id": Path(name).stem, "ocr_text": f"words of {name}", "meme_anxiety_category": "Restlessness"}
        for name in pictures
    ]
    with zipfile.ZipFile(path, "w", method) as packed:
        packed.writestr("anxiety_train.json", json.dumps(rows))
        for name, data in pictures.items():
            packed.writestr(f"anxiety_train_image/{name}", data)
    return path


def is_one_line(verb: str, told: str) -> bool:
    return re.fullmatch(rf"symptomeme {verb}: [^\n]+\n", told) is not None


@pytest.fixture
def all_may_be_bad(workplace: Path) -> None:
    params = workplace / "params.yaml"
    params.write_text(params.read_text().replace("max_bad_share: 0.5", "max_bad_share: 1.0"))


@pytest.mark.filterwarnings("ignore::UserWarning")  # as the product has it: Pillow's, of metadata that it passes over
@pytest.mark.usefixtures("all_may_be_bad")
def test_damaged_pictures_are_marked_or_whole(
    workplace: Path, small_model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    named = {name_of(number): data for number, data in enumerate(DAMAGED)}
    archive = annotated(workplace.parent / "anxiety.zip", named, zipfile.ZIP_DEFLATED)
    assert main(["import-data", "anxiety", str(archive)]) == 0
    for stage in ("ingest", "validate"):
        assert main([stage, "--task", "anxiety"]) == 0
    rows = pd.read_parquet("artifacts/anxiety/memes.parquet").set_index("image")
    accepted = {name for name in named if rows.loc[str(IMAGES / name), "fault"] is None}
    assert len(named) == len(rows) == len(DAMAGED) == 570
    assert [name for name in accepted if not first_frame_is_whole(named[name])] == []
    assert 100 < len(accepted) < 470
    valid = pd.read_parquet("artifacts/anxiety/valid.parquet")["image"]
    assert set(valid) <= {str(IMAGES / name) for name in accepted}
    for name in named:
        capfd.readouterr()
        code = main(["classify", str(IMAGES / name), "--model", str(small_model), "--text", "again", "--json"])
        out, err = capfd.readouterr()
        assert code == (name not in accepted), (name, err)
        assert (code == 0) == bool(out)
        assert err == "" if code == 0 else is_one_line("classify", err), (name, err)


def test_damaged_archives_are_refused_or_whole(
    workplace: Path, small_model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = workplace.parent / "anxiety.zip"
    pictures = {f"TR-{n}.png": saved(Image.linear_gradient("L").rotate(30 * n)) for n in range(8)}
    imported = 0
    for seed in range(100):
        method = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)[seed % 2]
        path.write_bytes(mutated(annotated(path, pictures, method).read_bytes(), seed))
        before = sorted(workplace.parent.rglob("*"))
        capfd.readouterr()
        code = main(["import-data", "anxiety", str(path)])
        out, err = capfd.readouterr()
        if code == 0:
            imported += 1
            found = sorted(IMAGES.iterdir())
            assert {file.read_bytes() for file in found} <= set(pictures.values()), seed
            capfd.readouterr()
            assert main(["classify", *map(str, found), "--model", str(small_model), "--text", "again", "--json"]) == 0
            assert [answer["image"] for answer in json.loads(capfd.readouterr().out)] == [*map(str, found)], seed
            shutil.rmtree("data")
        else:
            assert (code, out) == (1, "")
            assert is_one_line("import-data", err), (seed, err)
            with suppress(FileNotFoundError):
                Path("data").rmdir()  # fails unless it is empty
        assert sorted(workplace.parent.rglob("*")) == before, seed
    assert 5 < imported < 60


def test_a_terminal_sees_one_line_and_no_warning(workplace: Path, small_model: Path) -> None:
    refused = [data for data in DAMAGED if not first_frame_is_whole(data)]
    (workplace / "meme.png").write_bytes(refused[0])
    (workplace / "meme.tif").write_bytes(saved(seen(), "TIFF", compression="tiff_lzw").replace(b"\xff", b"\0"))
    (workplace / "memes.zip").write_bytes(refused[1])
    for verb, words in (
        ("classify", ["meme.png", "--model", str(small_model), "--text", "again"]),
        ("classify", ["meme.tif", "--model", str(small_model), "--text", "again"]),
        ("import-data", ["anxiety", "memes.zip"]),
    ):
        done = subprocess.run(
            ["symptomeme", verb, *words], env=environment(), capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert is_one_line(verb, done.stderr), done.stderr
