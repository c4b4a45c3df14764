"""What ideas reach out of fold, alone and beside the linear model, with paired differences."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from linear_peer import RULES
from quality_cells import linear, neural
from quality_decisions import Cell, Indicators, Member, cells, chosen_linear, stacked
from quality_ideas import IDEAS
from report_tables import CONFIDENCE, RESAMPLES

from symptomeme.domain.labels import Task
from symptomeme.domain.params import Params
from symptomeme.evaluation.bootstrap import Interval
from symptomeme.evaluation.metrics import f1
from symptomeme.evaluation.paired import paired_lines
from symptomeme.learning.batches import indicators

Rows = list[list[str]]


def rows(
    memes: pd.DataFrame,
    task: Task,
    params: Params,
    names: Sequence[str],
    *,
    others: pd.DataFrame | None = None,
    seed: int,
) -> Rows:
    """A header and a row for each decision of each idea, and of the linear peer."""
    truth, folds, multi_label = indicators(memes.labels, task), memes.fold.to_numpy(), task.multi_label
    configs = linear(memes, task)
    found: dict[str, Cell] = {}
    for name, rule in RULES[multi_label].items():
        claimed = chosen_linear(configs, truth, folds, rule, multi_label=multi_label)
        found[f"peer, {name.split(', ')[-1]}"] = Cell(claimed, np.full(len(truth), np.nan))
    members: dict[str, list[Member]] = {"linear by likelihood": [configs]}
    for name in names:
        logits = neural(memes, task, params, name, IDEAS[name], others=others, seed=seed)
        members |= {name: [logits], f"{name} + linear": [logits, configs]}
    for name, parts in members.items():
        logits = stacked(parts, truth, folds, multi_label=multi_label)
        found |= {
            f"{name}, {rule}": cell for rule, cell in cells(logits, truth, folds, multi_label=multi_label).items()
        }
    peers = [name for name in found if name.startswith("peer,")]
    best_peer = max(peers, key=lambda name: float(f1(truth, found[name].claimed).macro[0]))
    return _rows(truth, found, [f"baseline, {next(iter(RULES[multi_label])).split(', ')[-1]}", best_peer])


def _rows(truth: Indicators, found: dict[str, Cell], references: Sequence[str]) -> Rows:
    """A row each: macro-F1, how far it is over each reference, and what is left of likelihood."""
    pairs = [(name, reference) for name in found for reference in references if name != reference]
    lines = paired_lines(
        truth,
        {name: [cell.claimed] for name, cell in found.items()},
        pairs,
        resamples=RESAMPLES,
        confidence=CONFIDENCE,
        seed=0,
    )
    macro = {line.name: line.mean for line in lines if line.figure == "macro"}
    leads = {name: [_signed(macro.get(f"{name} - {reference}")) for reference in references] for name in found}
    return [
        ["idea, decision", "macro-F1", *(f"over {reference} [95%]" for reference in references), "NLL"],
        *(
            [
                name,
                f"{macro[name].value:.3f}",
                *leads[name],
                "-" if np.isnan(cell.nll).any() else f"{cell.nll.mean():.3f}",
            ]
            for name, cell in found.items()
        ),
    ]


def _signed(found: Interval | None) -> str:
    return "-" if found is None else f"{found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"
