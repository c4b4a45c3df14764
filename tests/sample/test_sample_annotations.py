import csv
import json

import pytest

from symptomeme.domain.errors import AnnotationError, InputError
from symptomeme.domain.labels import ANXIETY, DEPRESSION
from symptomeme.sample.annotations import carve_test, read_annotations, split_of


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("axiom_train.json", "train"),
        ("restore_val_reasoning.json", "val"),
        ("anxiety_test.json", "test"),
        ("latest.json", "train"),
    ],
)
def test_names_tell_the_split(tmp_path, name, split):
    assert split_of(tmp_path / name) == split


def test_records_keep_all_their_fields(annotations):
    path = annotations("train.json", ("hello", "Irritability"))
    (row,) = read_annotations(ANXIETY, [path])
    assert (row.key, row.text, row.labels) == ("train/TR-1", "hello", ())
    assert row.record == json.loads(path.read_text())[0]


def test_extra_files_become_a_split_of_their_own(annotations):
    train = annotations("train.json", ("a", "Restlessness"))
    extra = annotations("val.json", ("b", "Nervousness"))
    assert [row.key for row in read_annotations(ANXIETY, [train], extra=[extra])] == ["train/TR-1", "extra/TR-1"]


def test_a_test_part_is_carved_by_cluster_and_label(annotations):
    labels = ANXIETY.labels[:3]
    texts = [(f"text {n}", labels[n % 3]) for n in range(90)]
    repeats = [(f"  TEXT, {n}!", labels[n % 3]) for n in range(0, 90, 4)]
    rows = read_annotations(ANXIETY, [annotations("train.json", *texts, *repeats)])
    carved = carve_test(rows, 0.2, seed=3)
    moved = {row.id for row in carved if row.split == "test"}
    assert [row.id for row in carved] == [row.id for row in rows]
    assert len(moved) == pytest.approx(0.2 * len(rows), abs=4)
    for label in labels:
        of_label = [row for row in carved if row.labels == (label,)]
        assert sum(row.split == "test" for row in of_label) == pytest.approx(0.2 * len(of_label), abs=2)
    for at, n in enumerate(range(0, 90, 4)):
        assert (f"TR-{n + 1}" in moved) == (f"TR-{91 + at}" in moved)
    assert carve_test(rows, 0.2, seed=3) == carved
    assert carve_test(rows, 0.2, seed=4) != carved


def test_records_without_text_do_not_stick_together(annotations):
    rows = read_annotations(ANXIETY, [annotations("train.json", *[("", "Restlessness")] * 20)])
    assert sum(row.split == "test" for row in carve_test(rows, 0.5, seed=1)) == 10


def test_only_train_is_carved(annotations):
    files = [annotations("val.json", *[(f"{n}", "Restlessness") for n in range(10)], prefix="VA")]
    assert {row.split for row in carve_test(read_annotations(ANXIETY, files), 0.5, seed=1)} == {"val"}


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.json is missing; give annotation files as published"):
        read_annotations(ANXIETY, [tmp_path / "gone.json"])


GOOD = {"sample_id": "TR-1", "ocr_text": "words", "meme_depressive_categories": ["Feeling Down"]}


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ("{", r"train\.json is no JSON in UTF-8 \(JSONDecodeError\); expected a list of records\."),
        ({"a": 1}, r"train\.json is no list of records; expected the published JSON form\."),
        ([], r"the annotation files hold no record"),
        ([{**GOOD, "sample_id": "../x"}], r"record 0: its sample_id cannot name a file"),
        ([{**GOOD, "ocr_text": 5}], r"record 0 \(TR-1\): ocr_text is a int, expected a string\."),
        ([{"sample_id": "TR-1"}], r"record 0 \(TR-1\): no field 'meme_depressive_categories'\."),
        ([{**GOOD, "meme_depressive_categories": 3}], r"meme_depressive_categories is a int, expected a string or"),
        (
            [{**GOOD, "meme_depressive_categories": ["some words"]}],
            r"record 0 \(TR-1\): a label of 10 characters is not",
        ),
        ([GOOD, GOOD], r"1 ids stand more than once in a split, the first is train/TR-1\."),
    ],
)
def test_faults_are_named_without_the_text(tmp_path, held, message):
    path = tmp_path / "train.json"
    path.write_text(held if isinstance(held, str) else json.dumps(held), encoding="utf-8")
    with pytest.raises(AnnotationError, match=message) as error:
        read_annotations(DEPRESSION, [path])
    assert "words" not in str(error.value)


def test_a_csv_table_gives_the_same_records(tmp_path):
    record = {"sample_id": "TE-1", "ocr_text": "two\nlines, one comma", "meme_anxiety_category": "Restlessness"}
    with (tmp_path / "anxiety_test_gpt_new.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, record)
        table.writeheader()
        table.writerow(record)
    (tmp_path / "anxiety_test.json").write_text(json.dumps([record]))
    (of_csv,), (of_json,) = (read_annotations(ANXIETY, [path]) for path in sorted(tmp_path.iterdir(), reverse=True))
    assert of_csv == of_json
    assert of_csv.split == "test"


def test_a_damaged_csv_table_is_told(tmp_path):
    (tmp_path / "train.csv").write_text('sample_id,ocr_text\nTR-1,"never closed', encoding="utf-8")
    with pytest.raises(AnnotationError, match=r"train\.csv is no CSV in UTF-8 \(Error\); expected a list of records\."):
        read_annotations(ANXIETY, [tmp_path / "train.csv"])


def test_a_meme_without_labels_or_text_is_fine(tmp_path):
    path = tmp_path / "val.json"
    path.write_text(json.dumps([{"sample_id": "VA-1", "ocr_text": None, "meme_depressive_categories": []}]))
    (row,) = read_annotations(DEPRESSION, [path])
    assert (row.split, row.text, row.labels) == ("val", "", ())
