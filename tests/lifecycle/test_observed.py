"""New memes are those the model has not met; they are scored as they are served."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from ocr_settings import GREY

from symptomeme.data.dataset import Annotation, write_annotations, write_splits
from symptomeme.domain.digests import of_file
from symptomeme.domain.labels import ANXIETY
from symptomeme.domain.layout import StatePaths, dataset_paths, task_paths
from symptomeme.domain.records import REASON_ROWS, write_rows
from symptomeme.domain.requests import RequestRow, keep_requests
from symptomeme.lifecycle.observed import given_memes, imported_memes, requested, scored
from symptomeme.predictor import Predictor, Served, answer
from symptomeme.sample.draw import Order, draw_meme


def draw(path, words):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(draw_meme(Order(key=path.stem, text=words, widths=(160, 160))).data)
    return path


def test_only_memes_that_were_imported_later_are_new(workplace):
    paths = dataset_paths("axiom")
    placed = {"TR-1": "train", "TR-2": "val", "TR-3": "train", "TR-4": "val", "TR-5": "train", "TR-6": "test"}
    memes = [
        Annotation(
            id=name, origin="train", image=draw(paths.images("train") / f"{name}.jpg", name),
            labels=("Restlessness",), text="", reasoning="",
        )
        for name in placed
    ]  # fmt: skip
    write_annotations(paths, memes)
    write_splits(paths, {f"train/{name}": split for name, split in placed.items()})
    paths.source.write_text(json.dumps({"kind": "sample"}))
    trained = pd.DataFrame({"sha256": [of_file(memes[0].image)]})
    reference = pd.DataFrame({"key": ["train/TR-2"]})
    assert imported_memes(ANXIETY, trained, reference).key.tolist() == ["train/TR-3", "train/TR-4", "train/TR-5"]
    write_rows(task_paths("anxiety").quarantine, [{"key": "train/TR-5", "reason": "bad"}], REASON_ROWS)
    assert imported_memes(ANXIETY, trained, reference).key.tolist() == ["train/TR-3", "train/TR-4"]


def test_memes_of_a_folder_are_scored_as_they_are_served(workplace, small_model):
    first = draw(workplace / "new/a.jpg", "cannot sleep again")
    (workplace / "new/b.jpg").write_bytes(first.read_bytes())
    (workplace / "new/c.png").write_bytes(b"no picture")
    (workplace / "new/notes.txt").write_text("no picture either")
    predictor = Predictor(small_model)
    with given_memes(workplace / "new") as memes:
        batch = scored(memes, predictor, most=10, seed=0)
    assert batch.left_out == {"unreadable": 1, "repeated": 1}
    served = answer(first, "a", [Served(predictor=predictor, name="m", version=None)], None)
    row = batch.rows.iloc[0]
    assert row.text_length == len(served["text"]["value"])
    assert row.ocr_confidence == served["text"]["confidence"]
    assert row.probabilities == pytest.approx(list(served["tasks"]["anxiety"]["probabilities"].values()))
    assert np.linalg.norm(row.embedding) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("mask", "kept"), [(True, "as @user says"), (False, "as @ada says")])
def test_reasoning_is_masked_as_the_memes_of_the_model_were(workplace, small_model, monkeypatch, mask, kept):
    draw(workplace / "new/a.jpg", "cannot sleep again")
    predictor = Predictor(small_model)
    predictor.config.ocr = {**GREY, "source": "given", "mask_personal": mask}
    behind = []
    whole = predictor.predict
    monkeypatch.setattr(predictor, "predict", lambda *given: behind.append(given[2]) or whole(*given[:2]))
    with given_memes(workplace / "new") as memes:
        scored(memes.assign(text="cannot sleep", reasoning="as @ada says"), predictor, most=10, seed=0)
    assert behind == [[kept]]


def test_a_table_gives_what_a_folder_does_and_what_came_with_it(workplace, small_model):
    picture = draw(workplace / "new/a.jpg", "cannot sleep again")
    kept = pd.DataFrame({"image": ["new/a.jpg", picture.read_bytes()], "given_text": ["words", None]})
    kept.iloc[:1].to_parquet(workplace / "paths.parquet")
    kept.iloc[1:].to_parquet(workplace / "bytes.parquet")
    predictor = Predictor(small_model)
    found = {}
    for name in ("new", "paths.parquet", "bytes.parquet"):
        with given_memes(workplace / name) as memes:
            found[name] = scored(memes, predictor, most=10, seed=0).rows.text_length.tolist()
            columns = ["key", "image"] if name == "new" else ["key", "image", "text"]
            assert memes.columns.tolist() == columns
    assert found["new"] == found["paths.parquet"] == found["bytes.parquet"]
    assert memes.text.tolist() == [""]


def test_requests_count_once_of_this_version_and_these_days(workplace):
    def keep(sha256, version, *, days=0, length=5):
        row = RequestRow(
            at=datetime.now(UTC) - timedelta(days=days), request_id="r", sha256=sha256, task="anxiety",
            model_version=version, text_length=length, ocr_confidence=None,
            probabilities=dict.fromkeys(reversed(ANXIETY.labels), 0.0) | {ANXIETY.labels[0]: 1.0}, labels=[],
            abstain=True, embedding=[1.0],
        )  # fmt: skip
        keep_requests(StatePaths().requests, [row])

    keep("a", "2")
    keep("a", "2", length=7)
    keep("b", "1")
    keep("c", "2", days=3)
    batch = requested(ANXIETY, "2", days=3, most=10, seed=0)
    assert batch.rows.text_length.tolist() == [7]
    assert batch.rows.probabilities[0] == [1.0] + [0.0] * 5
    assert batch.left_out == {"of another version": 1, "repeated": 1}
    assert len(requested(ANXIETY, "2", days=4, most=10, seed=0).rows) == 2
