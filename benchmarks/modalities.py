"""What the picture adds to the words: `fusion` beside `text_only`, and beside itself with the pictures swapped.

    python benchmarks/modalities.py                # every task in params.yaml
    python benchmarks/modalities.py anxiety --seed 1

Reads what `dvc repro` left in artifacts/. Each difference of macro-F1 has its paired bootstrap interval over test
memes. In a swapped run each test meme keeps its words and gets the picture of another one, by a seeded derangement, and
the trained model predicts as `evaluate` does; the score is the mean over several such runs.

Exit code 1 says that on some task and view `fusion` does not beat `text_only` (the interval is not wholly above 0), or
that with swapped pictures it does not fall to `text_only` or below (the difference is above 0).
"""

import argparse
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from symptomeme.domain.labels import TASKS, Task
from symptomeme.domain.layout import task_paths
from symptomeme.domain.params import read_params
from symptomeme.domain.records import PREDICTION_ROWS, read_rows
from symptomeme.evaluation.bootstrap import Interval, interval, resampled
from symptomeme.evaluation.metrics import f1
from symptomeme.evaluation.views import leaked, views
from symptomeme.learning.batches import indicators, read_memes
from symptomeme.learning.build import prepare_torch
from symptomeme.learning.predictions import predictions_of
from symptomeme.models.processor import SymptomProcessor
from symptomeme.models.runtime import load_runtime

RESAMPLES = 10_000
SWAPS = 5
CONFIDENCE = 0.95

Indicators = npt.NDArray[np.bool_]


class Compared(NamedTuple):
    """Macro-F1 of one view of the test split, and differences from `text_only` with their intervals."""

    view: str
    memes: int
    macro: dict[str, float]  # of fusion, text_only and swapped fusion
    gain: Interval  # fusion - text_only
    swapped_gain: Interval  # fusion with swapped pictures - text_only

    @property
    def holds(self) -> bool:
        """Whether the picture helps, and whether without the right one nothing of that help is left."""
        return self.gain.low > 0 and self.swapped_gain.value <= 0


def derangement(count: int, *, seed: int) -> npt.NDArray[np.int64]:
    """A random permutation of one cycle: nothing stays in its place."""
    order = np.random.default_rng(seed).permutation(count)
    places = np.empty(count, np.int64)
    places[order] = np.roll(order, 1)
    return places


def with_swapped_pictures(task: Task, memes: pd.DataFrame, *, seed: int) -> Iterator[pd.Series]:
    """Labels that the trained `fusion` claims, by key, when each meme shows the picture of another one."""
    folder = task_paths(task.name).variant("fusion").model
    model, processor = load_runtime(folder), SymptomProcessor.from_pretrained(folder)
    for swap in range(SWAPS):
        others = memes.iloc[derangement(len(memes), seed=seed + swap)]
        swapped = memes.assign(image=others.image.to_numpy(), sha256=others.sha256.to_numpy())
        yield predictions_of(model, processor, swapped, task).set_index("key").predicted


def compared(task: Task, *, seed: int) -> Iterator[Compared]:
    """Both claims for each view of a task's test split."""
    memes = read_memes(task)
    memes = memes.assign(leaked=leaked(memes))
    test = memes[memes.split == "test"].reset_index(drop=True)
    found = {
        name: [read_rows(task_paths(task.name).variant(name).predictions, PREDICTION_ROWS).set_index("key").predicted]
        for name in ("fusion", "text_only")
    }
    found["swapped"] = list(with_swapped_pictures(task, test, seed=seed))
    for _, view, rows in views(test):
        chosen = test[rows]
        truth = indicators(chosen.labels, task)
        weights = resampled(len(chosen), resamples=RESAMPLES, seed=seed)
        macro, samples = {}, {}
        for name, runs in found.items():
            claims = [indicators(predicted.loc[chosen.key], task) for predicted in runs]
            macro[name] = float(np.mean([f1(truth, claimed).macro[0] for claimed in claims]))
            samples[name] = np.mean([f1(truth, claimed, weights).macro for claimed in claims], axis=0)
        gains = [
            interval(macro[name] - macro["text_only"], samples[name] - samples["text_only"], confidence=CONFIDENCE)
            for name in ("fusion", "swapped")
        ]
        yield Compared(view, len(chosen), macro, *gains)


def main() -> int:
    """Print a line for each task and view; say whether both claims hold everywhere."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=", ".join(TASKS))
    parser.add_argument("--seed", type=int, default=0, help="of the derangements and the bootstrap")
    arguments = parser.parse_args()
    params = read_params()
    prepare_torch(threads=params.base.threads)
    held = True
    for name in arguments.tasks or params.tasks:
        for told in compared(TASKS[name], seed=arguments.seed):
            scores = ", ".join(f"{variant} {score:.3f}" for variant, score in told.macro.items())
            print(f"{name}, test, {told.view}, {told.memes} memes: macro-F1 {scores}")
            for which, gain in (("fusion", told.gain), ("swapped", told.swapped_gain)):
                print(f"  {which} - text_only: {gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]")
            print("  holds" if told.holds else "  DOES NOT HOLD")
            held &= told.holds
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
