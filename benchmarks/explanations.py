"""Whether an explanation finds what moved a label: the symbol that was planted in a meme of the sample.

    python benchmarks/explanations.py                # every task in params.yaml
    python benchmarks/explanations.py anxiety
    python benchmarks/explanations.py --seed 8       # on memes of another drawing, with the text that is drawn

Reads what `make demo` left in data/ and artifacts/. Of each task it takes the first memes of the leak-free test split
that show one symbol, 50 in all, whatever the model says of them, and explains the label whose symbol it is. Words and
patches are ranked together, words by their score and patches by their strength. The symbol is found where the first is
a patch that it covers to a quarter or more, by the box that the drawer wrote. Chance is the share of a meme's parts
that are such patches.

The same is done with weights at random, anew for each meme, once or as often as `--random` says. Exit code 1 says that
the symbol is found in fewer than 80% with the trained weights, or with random ones more often than chance explains
(one-sided, 5%).
"""

import argparse
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from planted_memes import Planted, drawn_anew, planted

from symptomeme.data.transforms import read_picture
from symptomeme.domain.labels import TASKS
from symptomeme.domain.layout import task_paths
from symptomeme.domain.params import read_params
from symptomeme.domain.progress import progress
from symptomeme.explaining.explainer import Explained, Explainer
from symptomeme.explaining.patches import Box
from symptomeme.learning.build import prepare_torch
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.predictor import Predictor

MEMES = 50  # of all tasks together
COVERED = 0.25  # share of a patch that shows the symbol
WANTED = 0.8  # share of memes whose symbol is found
SURE = 0.95  # of random weights, that chance does not explain what they find


class Ranked(NamedTuple):
    """Whether the symbol came first in one meme, and how likely that is by chance."""

    found: bool
    chance: float


def covered(patch: Box, box: Box) -> float:
    """The share of a patch that a box covers."""
    across = min(patch[2], box[2]) - max(patch[0], box[0])
    down = min(patch[3], box[3]) - max(patch[1], box[1])
    return max(0.0, across) * max(0.0, down) / ((patch[2] - patch[0]) * (patch[3] - patch[1]))


def ranked(explained: Explained, box: Box) -> Ranked:
    """Whether a patch with the symbol is first among all words and patches."""
    words = [(word.score, False) for word in explained.words if word.score is not None]
    patches = [(patch.strength, covered(patch.box, box) >= COVERED) for patch in explained.patches]
    parts = [*words, *patches]
    return Ranked(max(parts)[1], sum(shows for _, shows in parts) / len(parts))


def most_by_chance(chances: Sequence[float]) -> int:
    """As many as are found by chance with a probability of SURE or more."""
    counts = np.ones(1)  # probability of each number found
    for chance in chances:
        counts = np.convolve(counts, [1 - chance, chance])
    return int(np.searchsorted(counts.cumsum(), SURE))


def told(name: str, rows: Sequence[Ranked]) -> str:
    """A line of the table."""
    found, chance = (np.mean([getattr(row, field) for row in rows]) for field in Ranked._fields)
    return f"| {name} | {len(rows)} | {found:.2f} | {chance:.2f} |"


def rank(explainer: Explainer, meme: Planted) -> Ranked:
    """Whether this explainer finds the symbol."""
    return ranked(explainer.explain(read_picture(meme.picture), meme.text, [meme.label])[0], meme.box)


def explained_memes(name: str, memes: list[Planted], draws: int) -> Iterator[tuple[bool, Ranked, list[Ranked]]]:
    """Of each meme: whether the model claims the label, and what its weights find and each draw of others."""
    predictor = Predictor(task_paths(name).variant("fusion").model)
    trained = Explainer.of(predictor)
    for place, meme in enumerate(progress(memes, what=name)):
        (said,) = predictor.predict([read_picture(meme.picture)], [meme.text])
        untrained = []
        for draw in range(draws):
            torch.manual_seed(1000 * draw + place)
            untrained.append(rank(Explainer(SymptomClassifier(predictor.config).eval(), predictor.processor), meme))
        yield meme.label in said.labels, rank(trained, meme), untrained


def main() -> int:
    """Print a table; say whether both claims hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=", ".join(TASKS))
    parser.add_argument("--random", type=int, default=1, help="draws of weights for each meme (default %(default)s)")
    parser.add_argument("--seed", type=int, help="of a sample to draw test memes of; default: those in data/, as read")
    arguments = parser.parse_args()
    params = read_params()
    prepare_torch(threads=params.base.threads)
    tasks = arguments.tasks or list(params.tasks)
    count, seed = MEMES // len(tasks), arguments.seed
    memes = {
        task: planted(TASKS[task], count) if seed is None else drawn_anew(TASKS[task], count, seed=seed)
        for task in tasks
    }
    rows = pd.DataFrame(
        [
            (task, claimed, with_trained, with_random)
            for task in tasks
            for claimed, with_trained, with_random in explained_memes(task, memes[task], arguments.random)
        ],
        columns=["task", "claimed", "trained", "random"],
    )
    print("| weights, memes | memes | symbol first | by chance |\n|---|---|---|---|")
    print(told("trained, all", list(rows.trained)))
    for task in tasks:
        print(told(f"trained, {task}", list(rows.trained[rows.task == task])))
    print(told("trained, label claimed", list(rows.trained[rows.claimed])))
    untrained = [one for draws in rows.random for one in draws]
    print(told("random, all", untrained))
    share = np.mean([row.found for row in rows.trained])
    most = most_by_chance([row.chance for row in untrained])
    by_random = sum(row.found for row in untrained)
    holds = bool(share >= WANTED and by_random <= most)
    print(f"random weights: {by_random} of {len(untrained)}; chance explains {most}.")
    print("holds" if holds else "DOES NOT HOLD")
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
