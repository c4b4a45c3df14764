import pytest
from PIL import Image

from symptomeme.domain.errors import ImageError, ToolError
from symptomeme.text.ocr import Reading, Unread, read_all

WIDTHS = (30, 10, 20, 50, 40)


@pytest.fixture
def read(engine, tmp_path):
    def call(pictures, by=engine):
        return read_all(by, pictures, cache=tmp_path / "cache", batch_size=2, workers=2)

    return call


@pytest.fixture
def pictures(saved):
    return saved(*(Image.new("RGB", (width, 10)) for width in WIDTHS))


def test_one_reading_a_picture_in_order_in_batches(read, engine, pictures):
    assert read(pictures) == [Reading(str(width), 90.0, 1) for width in WIDTHS]
    assert sorted(engine.batches) == [1, 2, 2]


def test_a_second_run_reads_nothing_and_one_new_picture_is_read_alone(read, engine, pictures):
    first = read(pictures[:4])
    engine.batches.clear()
    assert read(pictures[:4]) == first
    assert engine.batches == []
    assert [reading.text for reading in read(pictures)] == [str(width) for width in WIDTHS]
    assert engine.batches == [1]


def test_few_pictures_are_shared_among_the_workers(engine, pictures, tmp_path):
    read_all(engine, pictures[:4], cache=tmp_path / "cache", batch_size=50, workers=2)
    assert engine.batches == [2, 2]


def test_the_same_bytes_are_read_once(read, engine, pictures):
    assert [reading.text for reading in read([pictures[0], pictures[1], pictures[0]])] == ["30", "10", "30"]
    assert sum(engine.batches) == 2


def test_no_pictures(read, engine):
    assert read([]) == []
    assert engine.batches == []


def test_a_broken_picture_is_named_and_the_others_are_kept(read, engine, pictures):
    path = pictures[1][1]
    path.write_bytes(b"no picture")
    with pytest.raises(ImageError) as error:
        read(pictures)
    assert str(error.value).startswith(f"{path}: of no known format")
    assert str(error.value).endswith("Run it again; in the graph, 'dvc repro'.")
    engine.batches.clear()
    assert len(read([*pictures[:1], *pictures[2:]])) == 4
    assert engine.batches == []


def test_a_picture_with_other_bytes_than_it_is_known_by_is_refused(read, pictures):
    Image.new("RGB", (77, 10)).save(pictures[0][1])
    pictures[1][1].unlink()
    with pytest.raises(ImageError) as error:
        read(pictures)
    assert str(error.value) == (
        f"{pictures[0][1]}: its bytes have changed. (2 pictures in all) Run it again; in the graph, 'dvc repro'."
    )


def test_what_took_too_long_is_named_and_not_kept(engine, pictures, read, capsys):
    class Slow:
        settings = "widths"

        def read(self, given):
            return [Unread("", None, 0) if one.text == "20" else one for one in engine.read(given)]

    assert [reading.text for reading in read(pictures, by=Slow())] == ["30", "10", "", "50", "40"]
    assert capsys.readouterr().err == (
        f"{pictures[2][1]}: to read its words took too long, and it counts as without. "
        "In the graph, 'dvc repro --single-item --force ocr' tries again.\n"
    )
    engine.batches.clear()
    assert [reading.text for reading in read(pictures)] == [str(width) for width in WIDTHS]
    assert engine.batches == [1]


def test_batches_read_before_a_failure_are_kept(engine, pictures, tmp_path):
    class Failing:
        settings = "widths"

        def read(self, given):
            readings = engine.read(given)
            if "20" in [reading.text for reading in readings]:
                raise ToolError("out of order")
            return readings

    with pytest.raises(ToolError, match="out of order"):
        read_all(Failing(), pictures, cache=tmp_path / "cache", batch_size=1, workers=1)
    engine.batches.clear()
    read_all(engine, pictures[:2], cache=tmp_path / "cache", batch_size=1, workers=1)
    assert engine.batches == []
