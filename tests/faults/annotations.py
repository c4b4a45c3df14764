"""Faults of annotations, and of the tables made of them."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

from faults.fault import Fault, Row, put, rewritten, saved, seen


def labelled(*labels: str) -> tuple[Callable[[Row], Row], Callable[[str], str]]:
    """The same change to a published annotation and to its line in data/."""

    def row(found: Row) -> Row:
        return found | {"meme_anxiety_category": list(labels)}

    def line(found: str) -> str:
        return json.dumps(json.loads(found) | {"labels": list(labels)})

    return row, line


def of_row(changes: tuple[Callable[[Row], Row], Callable[[str], str]], **told: str) -> Fault:
    return Fault(row=changes[0], line=changes[1], told={key.replace("_", "-"): value for key, value in told.items()})


def dropped(label: str) -> Fault:
    return of_row(
        labelled(label),
        import_data="label that is no class, meme left out: train/TR-1",
        validate="labels must be classes of AxiOM",
    )


def rows_of(path: Path) -> list[Row]:
    """The published annotations of an archive."""
    with zipfile.ZipFile(path) as packed:
        return list(json.loads(packed.read("anxiety_train.json")))


TABLES = {"ingest": "data/axiom/splits.parquet", "validate": "artifacts/anxiety/memes.parquet"}


def wrong(published: Row, kept: Row, told: str) -> Fault:
    """Fields of another kind in a published annotation and in its line in data/."""
    (field,) = kept
    return Fault(
        row=lambda row: row | published,
        line=lambda line: json.dumps(json.loads(line) | kept),
        told={"import-data": told, "ingest": f"not what import-data writes (line 1: {field})"},
    )


def by_hand(what: str, line: Callable[[str], str]) -> Fault:
    """A line in data/ that no import leaves."""
    return Fault(line=line, told={"ingest": f"train/metadata.jsonl: not what import-data writes (line 1: {what})"})


def with_(**fields: object) -> Callable[[str], str]:
    return lambda line: json.dumps(json.loads(line) | fields)


LABEL, WHY = "meme_anxiety_category", "figurative_reasoning"
LABEL_KIND = f"TR-1: {LABEL} is neither a text nor a list of texts"

WRONG_KINDS = {
    "a number for the text": wrong({"ocr_text": 3}, {"text": 3}, "TR-1: ocr_text is no text"),
    "a list for the reasoning": wrong({WHY: ["x"]}, {"reasoning": ["x"]}, f"row 1: {WHY} is no text"),
    "a number among the labels": wrong({LABEL: [3]}, {"labels": [3]}, LABEL_KIND),
    "an object for the labels": wrong({LABEL: {"a": 1}}, {"labels": {"a": 1}}, LABEL_KIND),
}
BY_HAND = {
    "no text": by_hand("text", with_(text=None)),
    "labels that are one text": by_hand("labels", with_(labels="Restlessness")),
    "half a surrogate pair": by_hand("no JSON object", with_(text="\ud83d")),
    "nested too deeply": by_hand("no JSON object", lambda _: "[" * 100_000),
    "id that could not name a file": by_hand("id, file_name", with_(id="../TR-1")),
    "picture from the top (`/etc/passwd`)": by_hand("file_name", with_(file_name="/etc/passwd")),
    "picture that climbs out (`../`)": by_hand("file_name", with_(file_name="../../../params.yaml")),
    "picture of another id": by_hand("file_name", with_(file_name="images/TR-2.png")),
    "NUL in the picture's name": by_hand("file_name", with_(file_name="images/TR-1\0.png")),
}

ANNOTATIONS = {
    "unknown label": of_row(
        labelled("Joy"),
        import_data="TR-1: a label of 3 characters is not a class of AxiOM",
        validate="labels must be classes of AxiOM",
    ),
    **{f"dropped label `{label}`": dropped(label) for label in ("Unknown", "Irritability")},
    "several labels where the task has one": of_row(
        labelled("Restlessness", "Nervousness"),
        import_data="2 labels, a meme of AxiOM has one",
        validate="there must be exactly one label",
    ),
    "no label where the task has one": of_row(
        labelled(), import_data="no label, meme left out: train/TR-1", validate="there must be exactly one label"
    ),
    "text over `validate.max_text_length`": Fault(
        row=lambda row: row | {"ocr_text": "a" * 20_001},
        line=lambda line: json.dumps(json.loads(line) | {"text": "a" * 20_001}),
        told={"validate": "given text must have at most"},
    ),
    "id that could not name a file": Fault(
        row=lambda row: row | {"sample_id": "../TR-1"}, told={"import-data": "may not name a file"}
    ),
    **{f"field of the wrong kind: {kind}": wrong for kind, wrong in WRONG_KINDS.items()},
    "row that is no object": Fault(
        archive=lambda path: rewritten(path, "anxiety_train.json", json.dumps([*rows_of(path), None]).encode()),
        line=lambda line: f"{line}\nnull",
        told={
            "import-data": "anxiety_train.json: row 9 is null",
            "ingest": "train/metadata.jsonl: not what import-data writes (line 2: no JSON object)",
        },
    ),
    "annotations that are no list": Fault(
        archive=lambda path: rewritten(path, "anxiety_train.json", json.dumps({"data": rows_of(path)}).encode()),
        told={"import-data": "annotations of AxiOM in an object; expected a list of JSON objects"},
    ),
    "text with a comma and without quotes in a CSV table": Fault(
        archive=lambda path: rewritten(
            path, "anxiety_test.csv", b"sample_id,ocr_text,meme_anxiety_category\nTE-1,no, words,Restlessness\n"
        ),
        told={"import-data": "anxiety_test.csv: row 1 has more fields than the table's header"},
    ),
    "CSV table that is cut off within a row": Fault(
        archive=lambda path: rewritten(
            path, "anxiety_test.csv", b"sample_id,ocr_text,meme_anxiety_category\nTE-1,no words,Restlessness\nTE-2,no"
        ),
        told={"import-data": "anxiety_test.csv: row 2: it has fewer fields than the header"},
    ),
    "name that stands twice in a row": Fault(
        archive=lambda path: rewritten(
            path, "anxiety_train.json", json.dumps(rows_of(path)).replace("{", '{"sample_id": "TR-1", ', 1).encode()
        ),
        told={"import-data": "anxiety_train.json: row 1: sample_id stands twice in it"},
    ),
    **{f"line changed by hand: {what}": fault for what, fault in BY_HAND.items()},
    "damaged annotation file": Fault(
        archive=lambda path: rewritten(path, "anxiety_train.json", b'[{"sample_id": '),
        line=lambda line: line[:-5],
        told={"import-data": "no whole JSON file", "ingest": "train/metadata.jsonl: not what import-data writes"},
    ),
    "annotation without a picture": Fault(
        archive=lambda path: rewritten(path, "anxiety_train_image/TR-1.png", None),
        by_hand=lambda _: Path("data/axiom/train/images/TR-1.png").unlink(),
        told={
            "import-data": "annotation without a picture: train/TR-1",
            "ingest": "data/axiom/train/images/TR-1.png is missing",
            "classify": "no such file: data/axiom/train/images/TR-1.png",
        },
    ),
    "picture without an annotation": Fault(
        archive=lambda path: rewritten(path, "anxiety_train_image/TR-99.png", saved(seen())),
        by_hand=lambda _: put(Path("data/axiom/train/images/TR-99.png"), saved(seen())),
        told={"import-data": "picture without an annotation: train/TR-99"},
    ),
    "damaged table": Fault(
        by_hand=lambda verb: put(Path(TABLES[verb]), b"PAR1 and no more"),
        told={
            "ingest": "data/axiom/splits.parquet is no whole Parquet table",
            "validate": "artifacts/anxiety/memes.parquet is no whole Parquet table",
        },
    ),
}
