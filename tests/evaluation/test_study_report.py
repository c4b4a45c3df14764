"""The study's table, in words and as a picture, from made-up predictions."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from symptomeme.domain.labels import ANXIETY
from symptomeme.evaluation.study.plot import plot
from symptomeme.evaluation.study.published import published
from symptomeme.evaluation.study.report import Study, markdown
from symptomeme.evaluation.study.table import Bootstrap, Row, study_table
from symptomeme.evaluation.study.words import Description
from symptomeme.learning.batches import indicators

MEMES = 60


def predictions(wrong: int) -> pd.DataFrame:
    """Test memes of each class in turn; the first so many are taken for the next class. One in six has leaked."""
    truth = [ANXIETY.labels[at % 6] for at in range(MEMES)]
    claimed = [ANXIETY.labels[(at + (at < wrong)) % 6] for at in range(MEMES)]
    return pd.DataFrame(
        {
            "key": [f"test/{at}" for at in range(MEMES)],
            "split": "test",
            "leaked": [at % 6 == 5 for at in range(MEMES)],
            "labels": [[label] for label in truth],
            "predicted": [[label] for label in claimed],
        }
    )


def row(name: str, *wrong: int, seconds: float | None = 3.0, in_one_go: bool = True) -> Row:
    told = Description("text + reasoning + picture" if name == "full" else "text", "parts of it")
    found = [predictions(count) for count in wrong]
    return Row(name, told, found, 12_345, 1_234, seconds, seconds, in_one_go)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rows = [row("tfidf", 30), row("text_encoder", 12, 24, in_one_go=False), row("full", 0, 12, seconds=None)]
    return study_table(
        rows, reference="full", indicators=partial(indicators, task=ANXIETY), bootstrap=Bootstrap(500, 0.95, 0)
    )


def study(kind: str = "sample") -> Study:
    return Study(ANXIETY, kind, "full", [1, 2], 0.95, {"image_only": "its stage failed"})


def test_figures_are_means_over_seeds_with_spread_and_p_against_the_reference(table: pd.DataFrame) -> None:
    lines = table[(table.split == "test") & (table["view"] == "published")].set_index("row")
    assert lines.memes.tolist() == [60, 60, 60]
    assert lines.seeds.tolist() == [1, 2, 2]
    assert lines.macro_f1.to_dict() == pytest.approx({"tfidf": 0.5, "text_encoder": 0.7, "full": 0.9})
    assert lines.macro_f1_sd["full"] == pytest.approx(np.std([1.0, 0.8], ddof=1), abs=1e-6)
    assert np.isnan(lines.macro_f1_sd["tfidf"])
    assert np.isnan(lines.macro_f1_p["full"])
    assert (
        lines.macro_f1_p["tfidf"] == lines.macro_f1_p["text_encoder"] == pytest.approx(2 / 501, abs=1e-6)
    )  # never so good
    assert (lines.macro_f1_low < lines.macro_f1).all()
    leak_free = table[table["view"] == "leak_free"]
    assert leak_free.memes.tolist() == [50, 50, 50]


def test_the_report_sets_ours_beside_what_was_published_and_says_what_it_is_of(table: pd.DataFrame) -> None:
    told = markdown(table, study(), published("anxiety"))
    assert "**its scores say nothing about real memes**" in told
    assert "## test, published: 60 memes" in told
    assert "## test, leak-free: 50 memes" in told
    (encoder,) = (line for line in told.splitlines() if line.startswith("| text_encoder | text |"))
    assert "| 0.616, 0.624 | 0.614, 0.623 | 12,345 | 1,234 | > 3 (3) |" in encoder
    (full,) = (line for line in told.splitlines() if line.startswith("| full | text + reasoning + picture |"))
    assert full.endswith("| — | 0.685 | 0.685 | 12,345 | 1,234 | — |")
    assert "± 0.141 [" in full
    assert "- image_only: its stage failed." in told
    assert "**not of these memes**" in told
    assert "not of these memes" not in markdown(table, study("published"), published("anxiety"))


def test_published_figures_of_other_inputs_are_marked(table: pd.DataFrame) -> None:
    other = table.assign(inputs="text")
    assert "| 0.685† | 0.685† |" in markdown(other, study(), published("anxiety"))
    assert "0.685†" not in markdown(table, study(), published("anxiety"))


def test_without_the_reference_there_is_no_p() -> None:
    alone = study_table(
        [row("tfidf", 3)],
        reference="full",
        indicators=partial(indicators, task=ANXIETY),
        bootstrap=Bootstrap(9, 0.9, 0),
    )
    assert alone.macro_f1_p.isna().all()
    assert "[90%]" in markdown(alone, study()._replace(confidence=0.9), published("anxiety"))


def test_the_same_table_leaves_the_same_picture(table: pd.DataFrame, tmp_path: Path) -> None:
    for name in ("one", "other"):
        plot(table, tmp_path / name, title="AxiOM, sample memes, test", told=published("anxiety"))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert (tmp_path / "one").read_bytes().startswith(b"\x89PNG")


def test_a_figure_outside_its_interval_is_drawn(table: pd.DataFrame, tmp_path: Path) -> None:
    few = table.assign(macro_f1_high=table.macro_f1 - 0.01)
    plot(few, tmp_path / "plot", title="AxiOM, sample memes, test", told=published("anxiety"))
    assert (tmp_path / "plot").read_bytes().startswith(b"\x89PNG")
