import io
import json
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from symptomeme.data.dataset import Annotation, write_annotations, write_splits
from symptomeme.domain.errors import InputError
from symptomeme.domain.labels import ANXIETY
from symptomeme.domain.layout import dataset_paths, task_paths
from symptomeme.domain.records import MEME_ROWS, read_rows
from symptomeme.domain.sections.data import IngestParams
from symptomeme.stages import ingest

AXIOM = dataset_paths("axiom")
PARAMS = IngestParams(phash_distance=6, text_similarity=0.85)
SPLITS = {
    "test/TE-1": "test",
    "train/TR-2": "train",
    "train/TR-10": "val",
    "train/TR-11": "train",
    "train/TR-12": "train",
}


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Five memes: TR-2 repeats the words of the test meme, TR-10 is no picture, TR-12 has the bytes of TR-11."""
    monkeypatch.chdir(tmp_path)
    texts = {"TR-2": "Same words", "TE-1": "same words!", "TR-10": "ten", "TR-11": "eleven", "TR-12": "twelve"}
    memes = []
    for key in SPLITS:
        origin, meme_id = key.split("/")
        image = AXIOM.images(origin) / f"{meme_id}.png"
        image.parent.mkdir(parents=True, exist_ok=True)
        shade = 12 if meme_id == "TR-11" else int(meme_id[3:]) * 10 + (origin == "test")
        out = io.BytesIO()
        Image.linear_gradient("L").rotate(shade if meme_id != "TR-12" else 12).resize((30, 20)).save(out, "PNG")
        image.write_bytes(b"" if meme_id == "TR-10" else out.getvalue())
        memes.append(
            Annotation(
                id=meme_id, origin=origin, image=image, labels=("Restlessness",), text=texts[meme_id], reasoning="why"
            )
        )
    write_annotations(AXIOM, memes)
    write_splits(AXIOM, SPLITS)
    AXIOM.source.write_text(json.dumps({"kind": "sample"}))
    return texts


def ingested() -> pd.DataFrame:
    ingest.run(ANXIETY, PARAMS)
    return read_rows(task_paths("anxiety").memes, MEME_ROWS).set_index("key")


def test_there_is_a_row_a_meme_in_natural_order(imported: dict[str, str]) -> None:
    rows = ingested()
    assert list(rows.index) == list(SPLITS)
    assert dict(rows["split"]) == SPLITS
    assert dict(rows["given_text"]) == {key: imported[key.split("/")[1]] for key in SPLITS}
    row = rows.loc["train/TR-2"]
    assert (row["origin"], row["id"], row["image"]) == ("train", "TR-2", "data/axiom/train/images/TR-2.png")
    assert (row["width"], row["height"], list(row["labels"])) == (30, 20, ["Restlessness"])
    assert row["given_reasoning"] == "why"


def test_an_unreadable_picture_is_marked_and_kept(imported: dict[str, str]) -> None:
    rows = ingested()
    assert rows["fault"].dropna().to_dict() == {"train/TR-10": "empty, 0 bytes"}
    assert rows.loc["train/TR-10", ["width", "height", "phash"]].isna().all()
    assert rows.drop("train/TR-10")["phash"].str.len().eq(16).all()


def test_clusters_and_leaks_are_marked(imported: dict[str, str]) -> None:
    rows = ingested()
    assert dict(rows["cluster"]) == {
        "test/TE-1": "test/TE-1",
        "train/TR-2": "test/TE-1",
        "train/TR-10": "train/TR-10",
        "train/TR-11": "train/TR-11",
        "train/TR-12": "train/TR-11",
    }
    assert list(rows.index[rows["leaked"]]) == ["test/TE-1", "train/TR-2"]


def test_the_same_data_leave_the_same_bytes(imported: dict[str, str]) -> None:
    ingest.run(ANXIETY, PARAMS)
    first = task_paths("anxiety").memes.read_bytes()
    ingest.run(ANXIETY, PARAMS)
    assert task_paths("anxiety").memes.read_bytes() == first


def test_missing_data_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as error:
        ingest.run(ANXIETY, PARAMS)
    assert str(error.value) == (
        "data/axiom is missing: run 'symptomeme import-data anxiety ARCHIVE...', or 'dvc pull data/axiom'."
    )


def test_a_missing_table_of_splits_is_told(imported: dict[str, str]) -> None:
    AXIOM.splits.unlink()
    with pytest.raises(
        InputError, match=r"^data/axiom/splits\.parquet is missing: run 'symptomeme import-data anxiety"
    ):
        ingest.run(ANXIETY, PARAMS)


def test_a_missing_picture_is_told(imported: dict[str, str]) -> None:
    (AXIOM.images("train") / "TR-2.png").unlink()
    with pytest.raises(InputError, match=r"^data/axiom/train/images/TR-2\.png is missing: run 'dvc checkout'"):
        ingest.run(ANXIETY, PARAMS)


def test_a_meme_without_a_place_is_told(imported: dict[str, str]) -> None:
    write_splits(AXIOM, {key: split for key, split in SPLITS.items() if not key.startswith("train/TR-1")})
    with pytest.raises(InputError) as error:
        ingest.run(ANXIETY, PARAMS)
    assert str(error.value) == (
        "data/axiom/splits.parquet has no place for 3 memes, the first train/TR-10: data/ was changed by hand. "
        "Run 'dvc checkout data', and join memes by 'symptomeme import-data anxiety --add'."
    )
