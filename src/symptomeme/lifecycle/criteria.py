"""What a challenger must meet, each criterion with its figure, its bound and a sentence."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from symptomeme.domain.labels import Task
from symptomeme.domain.sections.lifecycle import NotWorseParams, PromoteParams
from symptomeme.evaluation.bootstrap import Figures, Interval, bootstrap, interval
from symptomeme.evaluation.figures import Scored
from symptomeme.evaluation.metrics import Floats, f1
from symptomeme.evaluation.reliability import calibration_error
from symptomeme.lifecycle.trial import Contender, Result

SELF_HARM = "Self-Harm"
DIGITS = 6


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One of them; `figure`, `low` and `high` are None where there is nothing to measure."""

    name: str
    passed: bool
    told: str
    figure: float | None = None
    bound: float | None = None
    low: float | None = None
    high: float | None = None

    def row(self) -> dict[str, Any]:
        """As the log and --json tell it."""
        found = asdict(self)
        return {name: found[name] for name in ("name", "passed", "figure", "bound", "low", "high", "told")}


def of_itself(result: Result, task: Task, options: PromoteParams, *, bins: int) -> list[Criterion]:
    """What a model must reach whatever the champion does: recall of Self-Harm, calibration."""
    found = [calibration(result.scored, options, bins=bins)]
    if SELF_HARM in task.labels and options.min_self_harm_recall > 0:
        found.append(self_harm(result.scored, task, options))
    return found


def compared(
    challenger: tuple[Contender, Result],
    champion: tuple[Contender, Result],
    task: Task,
    options: PromoteParams,
    *,
    seed: int,
) -> list[Criterion]:
    """What a model must reach beside the champion: macro-F1, and the F1 of each class."""
    difference = macro_f1_difference(challenger[1].scored, champion[1].scored, options, seed=seed)
    return [
        better(difference, challenger, champion, options.not_worse),
        every_class(challenger[1].scored, champion[1].scored, task, options),
    ]


def macro_f1_difference(challenger: Scored, champion: Scored, options: PromoteParams, *, seed: int) -> Interval:
    """Challenger's macro-F1 minus champion's on the same memes, with its paired bootstrap interval."""

    def figures(weights: Floats) -> Figures:
        first, second = (f1(each.truth, each.predicted, weights).macro for each in (challenger, champion))
        return {"difference": first - second}

    point, samples = bootstrap(figures, len(challenger.truth), resamples=options.resamples, seed=seed)
    return interval(float(point["difference"][0]), samples["difference"], confidence=options.confidence)


def better(
    difference: Interval,
    challenger: tuple[Contender, Result],
    champion: tuple[Contender, Result],
    not_worse: NotWorseParams | None,
) -> Criterion:
    """Surely better; or surely not worse than by the margin, and smaller or faster."""
    passed, bound = bool(difference.low > 0), 0.0
    told = (
        f"macro-F1 {difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}] against the champion: "
        f"{'' if passed else 'not '}surely better"
    )
    if not passed and not_worse is not None:
        bound = -not_worse.margin
        smaller = 1 - challenger[0].size / champion[0].size
        faster = 1 - challenger[1].milliseconds / champion[1].milliseconds
        gains = smaller >= not_worse.smaller or faster >= not_worse.faster
        close = bool(difference.low > bound)
        passed = close and gains
        told += (
            f"; {'' if close else 'not '}surely within {not_worse.margin:g} of it; bytes {-smaller:+.0%} (asked: "
            f"{-not_worse.smaller:.0%}), time for a meme {-faster:+.0%} (or: {-not_worse.faster:.0%})"
        )
    return Criterion(
        name="macro_f1",
        passed=passed,
        figure=_rounded(difference.value),
        bound=bound,
        low=_rounded(difference.low),
        high=_rounded(difference.high),
        told=told,
    )


def every_class(challenger: Scored, champion: Scored, task: Task, options: PromoteParams) -> Criterion:
    """No class loses more F1 than the bound; a class that is nowhere true or claimed is not judged."""
    first, second = (f1(each.truth, each.predicted).per_class[0] for each in (challenger, champion))
    changes = {label: float(value) for label, value in zip(task.labels, first - second, strict=True)}
    judged = {label: change for label, change in changes.items() if not np.isnan(change)}
    bound = -options.max_class_drop
    if not judged:
        return Criterion(name="class_f1", passed=False, bound=bound, told="no class can be judged on these memes")
    worst = min(judged, key=lambda label: judged[label])
    fallen = [f"{label} {change:+.3f}" for label, change in judged.items() if change < bound]
    told = f"F1 falls too far in {', '.join(fallen)}" if fallen else f"no F1 falls too far; lowest change: {worst}"
    return Criterion(name="class_f1", passed=not fallen, figure=_rounded(judged[worst]), bound=bound, told=told)


def self_harm(scored: Scored, task: Task, options: PromoteParams) -> Criterion:
    """Recall of Self-Harm is over the floor; where no meme has it, nobody knows, and that is not enough."""
    recall = float(f1(scored.truth, scored.predicted).recall[0, task.labels.index(SELF_HARM)])
    floor = options.min_self_harm_recall
    if np.isnan(recall):
        told = f"no test meme is labelled {SELF_HARM}, so its recall is not known"
        return Criterion(name="self_harm_recall", passed=False, bound=floor, told=told)
    told = f"recall of {SELF_HARM} is {recall:.3f}, {floor:g} is needed"
    return Criterion(name="self_harm_recall", passed=recall >= floor, figure=_rounded(recall), bound=floor, told=told)


def calibration(scored: Scored, options: PromoteParams, *, bins: int) -> Criterion:
    """The expected calibration error is within its bound."""
    weights = np.ones((1, len(scored.truth)))
    error = float(
        calibration_error(scored.truth, scored.probabilities, weights, multi_label=scored.multi_label, bins=bins)[0]
    )
    bound = options.max_calibration_error
    told = f"the calibration error is {error:.3f}, at most {bound:g} is allowed"
    return Criterion(name="calibration", passed=error <= bound, figure=_rounded(error), bound=bound, told=told)


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(value, DIGITS)
