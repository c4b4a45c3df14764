"""The plots as PNG files; the same tables always leave the same bytes."""

from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")  # Okabe and Ito, 2008
_DARK = 0.6  # from this share of a row on a cell is dark, and its number white
_DPI = 110


def draw(tables: dict[str, pd.DataFrame], folder: Path, *, title: str) -> None:
    """Write a PNG for each table that has a drawing.

    Args:
        tables: as `tables.tables` gives them.
        folder: an existing folder.
        title: what the plots are of.
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # a user's own matplotlibrc would change the bytes
        for name, of in _DRAWINGS.items():
            figure = of(tables[name])
            figure.suptitle(f"{title}: {name.replace('_', ' and ')}", fontsize=11)
            FigureCanvasAgg(figure).print_png(folder / f"{name}.png", metadata={"Software": None})


def _confusion(cells: pd.DataFrame) -> Figure:
    names = list(dict.fromkeys(cells.matrix))
    figure = Figure(figsize=(6.2 * len(names), 5.6), dpi=_DPI, layout="constrained")
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        chosen = cells[cells.matrix == name]
        labels = list(dict.fromkeys(chosen.row))
        _matrix(axes, chosen.memes.to_numpy().reshape(len(labels), len(labels)), labels)
        axes.set_title(name, fontsize=10)
    return figure


def _matrix(axes: Axes, counts: np.ndarray, labels: list[str]) -> None:
    """Numbers of memes, each row shaded by its shares."""
    shares = counts / np.maximum(counts.max(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(labels)), labels, rotation=40, ha="right", fontsize=8)
    axes.set_yticks(range(len(labels)), labels, fontsize=8)
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if shares[row, column] > _DARK else "black"
        axes.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=9)


def _lines(curves: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(7.5, 5), dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    for at, (label, points) in enumerate(curves.groupby("label", sort=False)):
        style = "-" if at % 2 == 0 else "--"
        colour = _COLOURS[at % len(_COLOURS)]
        axes.step(points.recall, points.precision, style, where="pre", color=colour, label=label)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    if len(curves):
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)
    return figure


def _risk_coverage(curves: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(7.5, 5), dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    for at, (label, points) in enumerate(curves.groupby("label", sort=False)):
        style = "-" if at % 2 == 0 else ":"  # after each curve comes that of who abstains at random
        axes.plot(points.coverage, points.risk, style, color=_COLOURS[at // 2 % len(_COLOURS)], label=label)
    axes.set(xlabel="coverage: share of memes answered", ylabel="their mean risk", xlim=(0, 1), ylim=(0, None))
    if len(curves):
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)
    return figure


def _reliability(bins: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(5.6, 6), dpi=_DPI, layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    above.plot([0, 1], [0, 1], color="grey", linewidth=1, linestyle=":", label="perfectly calibrated")
    above.plot(bins.probability, bins.frequency, marker="o", color=_COLOURS[0], label="the model")
    above.set(ylabel="frequency in the bin", xlim=(0, 1), ylim=(0, 1))
    above.legend(loc="upper left", fontsize=8)
    below.bar(bins.probability, bins["count"], width=0.02, color=_COLOURS[0])
    below.set(xlabel="mean probability in the bin", ylabel="judged")
    return figure


_DRAWINGS = {
    "confusion": _confusion,
    "precision_recall": _lines,
    "reliability": _reliability,
    "risk_coverage": _risk_coverage,
}
