import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from symptomeme.data.annotations import Record, Records, read_records
from symptomeme.data.archives import open_archive
from symptomeme.data.layouts import recognise
from symptomeme.data.left_out import LeftOut
from symptomeme.domain.errors import AnnotationError
from symptomeme.domain.labels import ANXIETY, DEPRESSION, Task

Pack = Callable[[str, dict[str, str]], Path]
Read = Callable[..., tuple[Records, dict[str, list[str]]]]


@pytest.fixture
def read(pack: Pack) -> Read:
    def from_files(task: Task, **files: Any) -> tuple[Records, dict[str, list[str]]]:
        texts = {name: content if isinstance(content, str) else json.dumps(content) for name, content in files.items()}
        left_out = LeftOut()
        with open_archive(pack("memes.zip", texts)) as archive:
            records = read_records(task, recognise(task, [archive], left_out).annotations, left_out)
        return records, dict(left_out.reasons())

    return from_files


def test_the_plain_json_form(read: Read, make: Any) -> None:
    records, left_out = read(ANXIETY, **{"anxiety_train.json": [make.anxiety("TR-1", " two\nlines ", "Nervousness ")]})
    assert records == {"train": {"TR-1": Record(labels=("Nervousness",), text="two\nlines", reasoning="")}}
    assert left_out == {}


def test_the_csv_form(read: Read) -> None:
    csv = (
        "\ufeff,sample_id,ocr_text,triples,meme_anxiety_categories\r\n"
        '0,TR-1,"two\nlines, ""quoted""",[],Nervousness\r\n'
        "1,TR-2,,[],Impending Doom\r\n"
        "2,TR-3,three,[],\r\n"
    )
    records, left_out = read(ANXIETY, **{"anxiety_train_gpt_new.csv": csv})
    assert records["train"] == {
        "TR-1": Record(labels=("Nervousness",), text='two\nlines, "quoted"', reasoning=""),
        "TR-2": Record(labels=("Impending Doom",), text="", reasoning=""),
        "TR-3": None,
    }
    assert left_out == {"no label, meme left out": ["train/TR-3"]}


def test_of_the_two_json_forms_one_gives_labels_and_text_and_the_other_reasoning(read: Read, make: Any) -> None:
    reasoned = [
        make.depression("VA-2", ["Feeling Down"], figurative_reasoning="whole", cause_effect="part"),
        make.depression(
            "VA-1", ["Feeling Down"], cause_effect="cause", figurative_understanding="", mental_state="state"
        ),
    ]
    plain = [make.depression("VA-1", ["Feeling Down"]), make.depression("VA-2", ["Feeling Down"])]
    records, left_out = read(
        DEPRESSION, **{"a/depression_val_llava_dataset.json": reasoned, "b/depression_val.json": plain}
    )
    assert {meme_id: record.reasoning for meme_id, record in records["val"].items() if record} == {
        "VA-1": "cause\nstate",
        "VA-2": "whole",
    }
    assert left_out == {}


def test_forms_that_disagree_are_counted_and_the_plain_one_is_kept(read: Read, make: Any) -> None:
    records, left_out = read(
        DEPRESSION,
        **{
            "a/depression_val_llava_dataset.json": [make.depression("VA-1", ["Self-Harm"], figurative_reasoning="why")],
            "b/depression_val.json": [make.depression("VA-1", ["Feeling Down"])],
        },
    )
    assert records["val"]["VA-1"] == Record(labels=("Feeling Down",), text="words of VA-1", reasoning="why")
    assert left_out == {"repeated id with another record, first kept": ["val/VA-1"]}


def test_ids_repeat_between_splits_without_a_word(read: Read, make: Any) -> None:
    records, left_out = read(
        ANXIETY, **{"anxiety_train.json": [make.anxiety("1")], "anxiety_test.json": [make.anxiety("1", "other")]}
    )
    assert {split: list(ids) for split, ids in records.items()} == {"train": ["1"], "test": ["1"]}
    assert left_out == {}


def test_repeated_ids_in_a_split(read: Read, make: Any) -> None:
    rows = [make.anxiety("TR-1"), make.anxiety("TR-1"), make.anxiety("TR-2"), make.anxiety("TR-2", label="Nervousness")]
    records, left_out = read(ANXIETY, **{"anxiety_train.json": rows})
    assert records["train"]["TR-2"].labels == ("Restlessness",)
    assert left_out == {
        "repeated id with the same record, kept once": ["train/TR-1"],
        "repeated id with another record, first kept": ["train/TR-2"],
    }


def test_dropped_labels_of_a_single_label_task_leave_the_meme_out(read: Read, make: Any) -> None:
    rows = [make.anxiety("TR-1", label="Irritatbily"), make.anxiety("TR-2", label="Unknown"), make.anxiety("TR-3")]
    records, left_out = read(ANXIETY, **{"anxiety_train.json": rows})
    assert [meme_id for meme_id, record in records["train"].items() if record] == ["TR-3"]
    assert left_out == {"label that is no class, meme left out": ["train/TR-1", "train/TR-2"]}


def test_dropped_labels_of_a_multi_label_task_go_and_the_meme_stays(read: Read, make: Any) -> None:
    rows = [make.depression("TR-1", ["Self-Harm", "Lack of Energy", "Feeling Down"]), make.depression("TR-2", [])]
    records, left_out = read(DEPRESSION, **{"depression_train.json": rows})
    assert [record.labels for record in records["train"].values() if record] == [("Feeling Down", "Self-Harm"), ()]
    assert left_out == {"label that is no class, meme kept without it": ["train/TR-1"]}


def test_a_file_of_the_other_task_or_of_another_kind_is_left_out(read: Read, make: Any) -> None:
    records, left_out = read(
        ANXIETY, **{"train.json": [make.depression("TR-1", [])], "val.json": {"loss": 1}, "test.csv": "a,b\n1,2\n"}
    )
    assert not any(records.values())
    assert {reason: len(names) for reason, names in left_out.items()} == {
        "file of another task": 1,
        "file of no known kind": 2,
    }


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            {"sample_id": "TR-1", "meme_anxiety_category": "Rest"},
            "TR-1: a label of 4 characters is not a class of AxiOM; expected one of",
        ),
        (
            {"sample_id": "../x"},
            "row 2: a sample_id of 4 characters may not name a file; expected up to 100 letters, digits, '.', '_' or",
        ),
        ({"sample_id": ".x"}, "row 2: a sample_id of 2 characters may not name a file"),
        ({"sample_id": 7}, "row 2: a sample_id that is no text may not name a file"),
        ({"sample_id": "x" * 101}, "row 2: a sample_id of 101 characters may not name a file"),
        ({"sample_id": "TR-1"}, "TR-1: no label field; AxiOM has meme_anxiety_category or meme_anxiety_categories."),
        ({"sample_id": "TR-1", "meme_anxiety_category": {"a": 1}}, "TR-1: meme_anxiety_category is neither a text nor"),
        ({"sample_id": "TR-1", "meme_anxiety_category": 0}, "TR-1: meme_anxiety_category is neither a text nor"),
        ({"sample_id": "TR-1", "meme_anxiety_category": False}, "TR-1: meme_anxiety_category is neither a text nor"),
        ({"sample_id": "TR-1", "meme_anxiety_category": {}}, "TR-1: meme_anxiety_category is neither a text nor"),
        ({"sample_id": "TR-1", "meme_anxiety_category": [["a"]]}, "TR-1: meme_anxiety_category is neither a text nor"),
        (
            {"sample_id": "TR-1", "meme_anxiety_category": ["Nervousness", "Restlessness"]},
            "TR-1: 2 labels, a meme of AxiOM has one.",
        ),
        ({"sample_id": "TR-1", "meme_anxiety_category": "Nervousness", "ocr_text": 3}, "TR-1: ocr_text is no text."),
    ],
)
def test_a_record_that_is_not_allowed_refuses_the_import(read: Read, make: Any, row: dict[str, Any], told: str) -> None:
    with pytest.raises(AnnotationError) as error:
        read(ANXIETY, **{"anxiety_train.json": [make.anxiety("TR-0"), row]})
    assert f"memes.zip/anxiety_train.json: {told}" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("words", ["cannot", "cannot sleep again", "cannot sleep " * 700])
@pytest.mark.parametrize("field", ["sample_id", "meme_anxiety_category", "figurative_reasoning"])
def test_words_in_the_wrong_field_are_not_told(read: Read, make: Any, field: str, words: str) -> None:
    held = [words] if field == "figurative_reasoning" else f"{words}!"
    with pytest.raises(AnnotationError, match=r"train\.json: (row 2|TR-1): ") as error:
        read(ANXIETY, **{"train.json": [make.anxiety("TR-0"), make.anxiety("TR-1") | {field: held}]})
    assert "cannot" not in str(error.value)
    assert len(str(error.value)) < 500


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("train.json", '[{"sample_id": ', "no whole JSON file (JSONDecodeError)."),
        ("train.json", "[" * 100_000, "no whole JSON file (RecursionError)."),
        ("train.csv", 'sample_id,ocr_text\nTR-1,"open', "no whole CSV file (Error)."),
        (
            "train.csv",
            "sample_id,ocr_text,meme_anxiety_category\nTR-1,one,Restlessness\nTR-2,cannot sl",
            "row 2: it has fewer fields than the header; the file was cut off, or a field is missing.",
        ),
        (
            "train.csv",
            "sample_id,ocr_text,ocr_text,meme_anxiety_category\nTR-1,one,two,Restlessness\n",
            "row 1: ocr_text stands twice in it; which one counts? Mend the file",
        ),
        (
            "train.json",
            '[{"sample_id": "TR-1", "sample_id": "TR-2", "meme_anxiety_category": "Restlessness"}]',
            "row 1: sample_id stands twice in it; which one counts? Mend the file",
        ),
        ("train.json", '[{"sample_id": "TR-1"}]', "no label field; AxiOM has meme_anxiety_category or meme_"),
    ],
)
def test_a_damaged_file_refuses_the_import(read: Read, name: str, content: str, told: str) -> None:
    with pytest.raises(AnnotationError) as error:
        read(ANXIETY, **{name: content})
    assert f"memes.zip/{name}: {told}" in str(error.value)


ROWS_NEEDED = "expected a list of JSON objects, each with sample_id. Mend the file and import again."


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ([None], "row 2 is null, a list of annotations holds JSON objects alone. Mend the file and import again."),
        (["cannot sleep"], "row 2 is a text, a list of annotations holds JSON objects alone."),
        ([[{"a": 1}]], "row 2 is a list of other things, a list"),
        ([3], "row 2 is a number, a list"),
    ],
)
def test_a_row_that_is_no_object_refuses_the_import(read: Read, make: Any, content: list[Any], told: str) -> None:
    files = {"anxiety_train.json": [make.anxiety("TR-1"), *content], "anxiety_test.json": [make.anxiety("TE-1")]}
    with pytest.raises(AnnotationError) as error:
        read(ANXIETY, **files)
    assert f"memes.zip/anxiety_train.json: {told}" in str(error.value)
    assert "sleep" not in str(error.value)


@pytest.mark.parametrize(
    ("wrapped", "kind"),
    [
        (lambda rows: {"data": rows}, "an object"),
        (lambda rows: {"data": {"train": rows}}, "an object"),
        (lambda rows: {row.pop("sample_id"): row for row in rows}, "an object"),
        (lambda rows: [rows], "a list of other things"),
    ],
)
def test_annotations_that_are_no_list_refuse_the_import(
    read: Read, make: Any, wrapped: Callable[[list[dict[str, Any]]], Any], kind: str
) -> None:
    files = {
        "anxiety_train.json": wrapped([make.anxiety("TR-1"), make.anxiety("TR-2")]),
        "anxiety_test.json": [make.anxiety("TE-1")],
    }
    with pytest.raises(AnnotationError) as error:
        read(ANXIETY, **files)
    assert str(error.value).endswith(f"memes.zip/anxiety_train.json: annotations of AxiOM in {kind}; {ROWS_NEEDED}")


def test_annotations_of_the_other_task_are_left_out_with_their_faults(read: Read, make: Any) -> None:
    other = make.depression("TR-1", ["Self-Harm"])
    _, left_out = read(ANXIETY, **{"train.json": [other, None], "val.json": {"data": [other]}})
    assert {reason: len(names) for reason, names in left_out.items()} == {
        "file of another task": 1,
        "file of no known kind": 1,
    }


def test_what_is_odd_in_files_of_another_kind_or_task_is_left_out_with_them(read: Read, make: Any) -> None:
    twice = '{"info": {"sample_id": "a", "sample_id": "b"}}'
    other = f"sample_id,ocr_text,{DEPRESSION.label_fields[0]}\nTR-1,one"
    unknown = "ocr_text,ocr_text\none,two\n"
    _, left_out = read(
        ANXIETY, **{"train.json": [make.anxiety("TR-1")], "val.json": twice, "train.csv": other, "test.csv": unknown}
    )
    assert {reason: len(names) for reason, names in left_out.items()} == {
        "file of another task": 1,
        "file of no known kind": 2,
    }


@pytest.mark.parametrize("field", ["figurative_reasoning", "cause_effect", "ocr_text", "sample_id"])
def test_a_name_that_stands_twice_is_told_whichever_is_read(read: Read, field: str) -> None:
    row = f'{{"sample_id": "TR-1", "meme_anxiety_category": "Restlessness", "{field}": "a", "{field}": "b"}}'
    with pytest.raises(AnnotationError, match=f"row 1: {field} stands twice in it"):
        read(ANXIETY, **{"train.json": f"[{row}]"})


def test_a_blank_row_and_a_nameless_column_are_no_cut(read: Read) -> None:
    csv = "sample_id,ocr_text,meme_anxiety_category,\nTR-1,one,Restlessness\n\n"
    records, _ = read(ANXIETY, **{"train.csv": csv})
    assert list(records["train"]) == ["TR-1"]


def test_a_text_with_a_comma_and_without_quotes_is_told_by_its_row(read: Read) -> None:
    csv = "sample_id,ocr_text,meme_anxiety_category\nTR-1,one,Restlessness,\nTR-2,cannot, sleep,Restlessness\n"
    with pytest.raises(AnnotationError) as error:
        read(ANXIETY, **{"train.csv": csv})
    assert "train.csv: row 2 has more fields than the table's header; a text with a comma stands in quotes." in (
        str(error.value)
    )
    assert "sleep" not in str(error.value)


def test_half_a_surrogate_pair_does_not_stay_in_a_text(read: Read, make: Any) -> None:
    records, _ = read(ANXIETY, **{"train.json": [make.anxiety("TR-1", "a\ud83d b 😀")]})
    assert records["train"]["TR-1"].text == "a? b 😀"
