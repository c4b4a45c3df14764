import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from symptomeme.data.importing import Imported
from symptomeme.domain.errors import AnnotationError, ArchiveError
from symptomeme.domain.labels import DEPRESSION
from symptomeme.domain.layout import dataset_paths
from symptomeme.domain.writing import read_jsonl

Files = dict[str, bytes | str]
Pack = Callable[[str, Files], Path]
Take = Callable[..., Imported]
AXIOM = dataset_paths("axiom")


def reasons(imported: Imported) -> dict[str, list[str]]:
    return dict(imported.left_out.reasons())


@pytest.mark.parametrize("root", ["", "memes/"])
def test_the_kind_of_data_and_the_boxes_are_kept(pack: Pack, small: Files, take: Take, make: Any, root: str) -> None:
    boxes = [
        {"key": f"{key}", "words": [{"text": "é", "box": [1, 2, 3, 4.5]}]} for key in ("train/TR-10", "train/TR-9")
    ]
    lines = "".join(json.dumps(row) + "\n" for row in [*boxes, {"key": "test/TE-1"}, {"key": "train/other"}])
    drawn = {f"{root}{name}": data for name, data in small.items()}
    take(pack("memes.zip", {**drawn, f"{root}source.json": '{"kind": "drawn"}', f"{root}boxes.jsonl": lines}))
    assert json.loads(AXIOM.source.read_text()) == {"kind": "drawn"}
    assert read_jsonl(AXIOM.boxes("train")) == boxes[::-1]
    assert read_jsonl(AXIOM.boxes("test")) == [{"key": "test/TE-1"}]
    more = {
        "source.json": '{"kind": "drawn"}',
        "boxes.jsonl": '{"key": "train/TR-9", "words": []}\n{"key": "train/TR-17"}\n',
        "train.json": json.dumps([make.anxiety("TR-17")]),
        "train/TR-17.jpg": make.picture(17),
    }
    take(pack("more.zip", more), add=True)
    assert read_jsonl(AXIOM.boxes("train")) == [*boxes[::-1], {"key": "train/TR-17"}]


def test_kinds_are_not_mixed(pack: Pack, small: Files, take: Take) -> None:
    published = pack("published.zip", small)
    sample = pack("sample.zip", {**small, "source.json": '{"kind": "sample"}'})
    with pytest.raises(ArchiveError) as error:
        take(published, sample)
    assert str(error.value) == (
        f"Archives of different kinds are not mixed: {published} is published, {sample} is sample. "
        "Import them one data set at a time."
    )
    take(sample)
    with pytest.raises(ArchiveError) as error:
        take(published, add=True)
    assert str(error.value) == (
        "data/axiom holds sample data and these archives published data: the two are not mixed. "
        "Delete data/axiom and import without --add."
    )


@pytest.mark.parametrize(
    "content", ["", "[]", '{"kind": "published"}', '{"kind": 3}', "[" * 100_000, f'{{"kind": "sample"{" " * 10_000}}}']
)
def test_an_odd_source_is_refused(pack: Pack, small: Files, take: Take, content: str) -> None:
    with pytest.raises(
        ArchiveError, match=r'memes\.zip/source\.json: expected {"kind": "sample"} or {"kind": "drawn"}\.$'
    ):
        take(pack("memes.zip", {**small, "source.json": content}))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("[1]", ":1: expected a JSON object with a key '<split>/<id>'."),
        ('{"key": 3}', ":1: expected a JSON object with a key '<split>/<id>'."),
        ("{", ": no JSON object a line (JSONDecodeError)."),
        ('{"key": "\\ud800"}', ": no JSON object a line (UnicodeEncodeError)."),
    ],
)
def test_odd_boxes_are_refused(pack: Pack, small: Files, take: Take, line: str, told: str) -> None:
    with pytest.raises(AnnotationError) as error:
        take(pack("memes.zip", {**small, "boxes.jsonl": line}))
    assert str(error.value).endswith(f"memes.zip/boxes.jsonl{told}")


def test_an_archive_without_a_meme_of_the_task_is_told(pack: Pack, small: Files, take: Take) -> None:
    archive = pack("memes.zip", small)
    with pytest.raises(ArchiveError) as error:
        take(archive, task=DEPRESSION)
    assert str(error.value) == (
        f"{archive}: no annotations of RESTORE; expected JSON or CSV files whose names tell a split (such as "
        "depression_train.json), with the field meme_depressive_categories."
    )
    texts = pack("texts", {name: data for name, data in small.items() if name.endswith(".json")})
    with pytest.raises(ArchiveError) as error:
        take(texts)
    assert str(error.value) == (
        f"{texts}: 18 annotations of AxiOM, but a picture for none that could be taken; nothing was imported. Give the "
        "archive with the pictures too, or draw them with 'symptomeme draw anxiety'."
    )
