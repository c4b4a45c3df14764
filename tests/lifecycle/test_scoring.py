"""Many memes: shard by shard, and the same bytes however often it was stopped."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from symptomeme.domain.errors import InputError
from symptomeme.domain.records import SCORE_ROWS
from symptomeme.lifecycle import scoring
from symptomeme.lifecycle.scoring import score
from symptomeme.lifecycle.unscored import memes_in
from symptomeme.predictor import Predictor, Served


@pytest.fixture(scope="module")
def served(small_model: Path) -> Served:
    return Served(predictor=Predictor(small_model), name="small", version=None)


@pytest.fixture
def memes(workplace: Path) -> Path:
    folder = workplace / "memes"
    (folder / "inner").mkdir(parents=True)
    for index in range(7):
        Image.new("RGB", (60, 40), (30 * index, 90, 90)).save(folder / f"{index}.png")
    Image.new("RGB", (50, 50), "white").save(folder / "inner" / "8.jpg")
    (folder / "9.png").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("none either")
    return folder


def test_a_stopped_run_goes_on_and_leaves_the_same_bytes(
    memes: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed, stopped = memes.with_name("one.parquet"), memes.with_name("two.parquet")
    assert score(memes, undisturbed, served, shard_size=4) == (9, 1, 0, 0, 3)
    write, written = scoring.write_rows, []

    def stop_at_the_second(path, rows, schema):
        if written:
            raise KeyboardInterrupt
        written.append(path)
        write(path, rows, schema)

    with monkeypatch.context() as patch:
        patch.setattr(scoring, "write_rows", stop_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            score(memes, stopped, served, shard_size=4)
    assert not stopped.exists()
    assert score(memes, stopped, served, shard_size=4).shards_kept == 1
    assert stopped.read_bytes() == undisturbed.read_bytes()
    assert sorted(path.name for path in memes.parent.glob("*.parquet*")) == ["one.parquet", "two.parquet"]
    assert score(memes, stopped, served, shard_size=4).shards_kept == 3


def test_a_row_a_meme_and_a_reason_where_there_is_no_prediction(memes: Path, served: Served) -> None:
    out = memes.with_name("scores.parquet")
    score(memes, out, served, shard_size=250)
    table = pq.read_table(out)
    assert table.schema.equals(SCORE_ROWS)
    rows = {row["key"]: row for row in table.to_pylist()}
    assert list(rows) == ["0.png", "1.png", "2.png", "3.png", "4.png", "5.png", "6.png", "9.png", "inner/8.jpg"]
    assert rows["9.png"]["fault"] == "of no known format, or its header is damaged"
    assert (rows["9.png"]["probabilities"], rows["9.png"]["predicted"]) == (None, [])
    classes = json.loads(table.schema.metadata[b"symptomeme.classes"])
    picture = Image.open(memes / "3.png").convert("RGB")
    expected = served.predictor.predict([picture], [""])[0].probabilities
    assert dict(zip(classes, rows["3.png"]["probabilities"], strict=True)) == pytest.approx(expected, abs=1e-5)


def test_a_table_of_paths_or_bytes_is_the_same_memes(memes: Path, served: Served) -> None:
    paths = [memes / "1.png", memes / "2.png"]
    tables = {
        "paths": pa.table({"key": ["a", "b"], "image": [f"memes/{path.name}" for path in paths]}),
        "bytes": pa.table({"key": ["a", "b"], "image": [path.read_bytes() for path in paths]}),
        "datasets": pa.table({"key": ["a", "b"], "image": [{"bytes": p.read_bytes(), "path": p.name} for p in paths]}),
    }
    found = []
    for name, table in tables.items():
        source, out = memes.with_name(f"{name}.in"), memes.with_name(f"{name}.parquet")
        pq.write_table(table, source)
        score(source, out, served, shard_size=250)
        found.append(out.read_bytes())
    assert found[0] == found[1] == found[2]


def test_what_cannot_be_scored_is_told(memes: Path, served: Served) -> None:
    empty = memes.with_name("empty")
    empty.mkdir()
    with pytest.raises(InputError, match=r"^.*empty holds no meme\. "):
        score(empty, memes.with_name("scores.parquet"), served, shard_size=250)
    twice = memes.with_name("twice.parquet")
    pq.write_table(pa.table({"id": ["a", "a"], "image": ["x", "y"]}), twice)
    with pytest.raises(InputError, match=r"two memes have the same key"):
        memes_in(twice)
    with pytest.raises(InputError, match=r"notes\.txt is there, and no table of predictions\. "):
        score(memes, memes / "notes.txt", served, shard_size=250)
