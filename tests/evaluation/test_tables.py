import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import auc, average_precision_score, confusion_matrix

from symptomeme.evaluation.drawings import draw
from symptomeme.evaluation.figures import Scored
from symptomeme.evaluation.tables import NONE, risk_coverage, tables
from symptomeme.evaluation.trust import Trusted

DRAWN = ["confusion.png", "precision_recall.png", "reliability.png", "risk_coverage.png"]


def square(cells: pd.DataFrame) -> np.ndarray:
    return cells.pivot(index="row", columns="column", values="memes").to_numpy()


@pytest.mark.parametrize("scored", [False], indirect=True, ids=["single_label"])
def test_the_confusion_matrix_is_scikit_learns(scored: Scored, labels: tuple[str, ...]) -> None:
    found = tables(scored, labels, bins=10)["confusion"]
    named = [np.array(labels)[part.argmax(axis=1)] for part in (scored.truth, scored.predicted)]
    assert np.array_equal(square(found), confusion_matrix(*named, labels=sorted(labels)))


def test_several_labels_a_meme_are_counted_together() -> None:
    truth = np.array([[True, True], [True, False], [False, False]])
    predicted = np.array([[True, False], [False, False], [False, True]])
    found = tables(Scored(truth, predicted, predicted * 0.9, True), ("A", "B"), bins=10)["confusion"]
    cells = {(name, row, column): memes for name, row, column, memes in found.itertuples(index=False)}
    both, true, claimed = dict.fromkeys(found.matrix)
    assert cells[both, "A", "A"] == cells[both, "B", "A"] == cells[both, "A", NONE] == cells[both, NONE, "B"] == 1
    assert cells[both, "B", "B"] == cells[both, NONE, NONE] == 0
    assert (cells[true, "A", "A"], cells[true, "A", "B"], cells[true, "B", "A"]) == (2, 1, 1)
    assert (cells[claimed, "A", "A"], cells[claimed, "A", "B"]) == (1, 0)


def test_a_curve_encloses_its_average_precision(scored: Scored, labels: tuple[str, ...]) -> None:
    curves = tables(scored, labels, bins=10)["precision_recall"]
    assert list(dict.fromkeys(curves.label)) == list(labels)
    for column, label in enumerate(labels):
        points = curves[curves.label == label]
        stepped = (points.recall.diff().fillna(0) * points.precision).sum()
        expected = average_precision_score(scored.truth[:, column], scored.probabilities[:, column])
        assert stepped == pytest.approx(expected, abs=1e-5)
        assert auc(points.recall, points.precision) <= 1


def test_no_memes_make_empty_plots(scored: Scored, labels: tuple[str, ...], tmp_path: Path) -> None:
    nothing = tables(scored.of(np.zeros(len(scored.truth), bool)), labels, bins=10)
    assert nothing["confusion"].memes.sum() == len(nothing["precision_recall"]) == len(nothing["reliability"]) == 0
    draw({**nothing, "risk_coverage": risk_coverage({})}, tmp_path, title="nothing")
    assert sorted(path.name for path in tmp_path.iterdir()) == DRAWN


DRAW = """
import sys
from pathlib import Path
import pandas as pd
from symptomeme.evaluation.drawings import draw
folder = Path(sys.argv[1])
names = ("confusion", "precision_recall", "reliability", "risk_coverage")
draw({name: pd.read_csv(folder / f"{name}.csv") for name in names}, Path(sys.argv[2]), title="a title")
"""


def test_pictures_have_the_same_bytes_whatever_a_users_settings(
    scored: Scored, trusted: Trusted, labels: tuple[str, ...], tmp_path: Path
) -> None:
    curves = risk_coverage({"published": trusted})
    for name, table in {**tables(scored, labels, bins=10), "risk_coverage": curves}.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    settings = tmp_path / "matplotlibrc"
    settings.write_text("font.size: 20\nsavefig.facecolor: red\nbackend: svg\n")
    for folder, own in (("plain", {}), ("own", {"MATPLOTLIBRC": str(settings), "SOURCE_DATE_EPOCH": "1"})):
        (tmp_path / folder).mkdir()
        subprocess.run([sys.executable, "-c", DRAW, tmp_path, tmp_path / folder], env={**os.environ, **own}, check=True)
    for name in DRAWN:
        written = (tmp_path / "plain" / name).read_bytes()
        assert written == (tmp_path / "own" / name).read_bytes(), name
        assert b"matplotlib" not in written.lower()
