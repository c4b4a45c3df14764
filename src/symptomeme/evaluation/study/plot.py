"""The study's table as a picture: a line a row, with intervals."""

from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from symptomeme.evaluation.study.published import Published
from symptomeme.evaluation.study.report import FIGURES
from symptomeme.evaluation.views import VIEWS

_COLOURS = dict(zip(VIEWS, ("#0072b2", "#d55e00"), strict=True))  # Okabe and Ito, 2008
_APART = 0.16  # between the two views of a row
_DPI = 110


def plot(table: pd.DataFrame, path: Path, *, title: str, told: Published) -> None:
    """Draw both figures of the test split in both views, and what was published; the same table leaves the same bytes.

    Args:
        table: as `study_table` gives it.
        path: the PNG to write.
        title: of the picture.
        told: what was published of the task.
    """
    test = table[table.split == "test"]
    rows = list(dict.fromkeys(test.row))
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # a user's own matplotlibrc would change the bytes
        figure = Figure(figsize=(11, 1.4 + 0.42 * len(rows)), dpi=_DPI, layout="constrained")
        for axes, (name, heading) in zip(figure.subplots(1, len(FIGURES), sharey=True), FIGURES.items(), strict=True):
            _draw(axes, test, rows, name, told)
            axes.set(xlabel=heading, xlim=(0, 1))
            axes.grid(axis="x", color="#dddddd", linewidth=0.6)
        axes.set_yticks(range(len(rows)), rows, fontsize=9)
        axes.invert_yaxis()
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=8)
        figure.suptitle(title, fontsize=11)
        FigureCanvasAgg(figure).print_png(path, metadata={"Software": None})


def _draw(axes: Axes, test: pd.DataFrame, rows: list[str], name: str, told: Published) -> None:
    for at, (view, colour) in enumerate(_COLOURS.items()):
        lines = test[test.view == view]
        places = [rows.index(row) + (2 * at - 1) * _APART for row in lines.row]
        values = lines[name].to_numpy()
        around = np.array([values - lines[f"{name}_low"].to_numpy(), lines[f"{name}_high"].to_numpy() - values])
        around = around.clip(min=0)  # of few memes an interval need not hold the figure itself
        label = f"ours, {view.replace('_', '-')}"
        axes.errorbar(values, places, xerr=around, fmt="o", color=colour, markersize=4, linewidth=1.2, label=label)
    others = [(getattr(one, name), rows.index(row)) for row in rows for one in told.rows.get(row, [])]
    if others:
        axes.plot(*zip(*others, strict=True), "D", color="black", markersize=4, fillstyle="none", label="published")
