"""The sample: memes drawn from texts written for this project, as two archives in the published layouts.

The words of a meme narrow to two or three symptoms; a symbol in the picture tells which, in four memes of five.
Half of the pictures are hard to read. Some faults are planted, see `dirt.DIRT`.
"""

from pathlib import Path
from random import Random

from symptomeme.domain.labels import TASKS
from symptomeme.domain.writing import replacing
from symptomeme.sample.archive import Drawn, fill_archive, refuse_occupied
from symptomeme.sample.dirt import planted
from symptomeme.sample.memes import clean_memes

SEED = 7
"""The sample of this project; its figures belong to it."""


def make_sample(out: Path, *, seed: int = SEED) -> dict[str, Drawn]:
    """Write `out/anxiety` and `out/depression`; tell what was drawn, by task.

    Raises:
        InputError: `out` is not empty.
    """
    refuse_occupied(out)
    drawn = {}
    with replacing(out.resolve()) as beside:
        for task in TASKS.values():
            memes = clean_memes(task, seed=seed)
            memes += planted(task, memes, Random(f"dirt {task.name} {seed}"))
            drawn[task.name] = fill_archive(
                task, [(meme.row, meme.order) for meme in memes], beside / task.name, kind="sample"
            )
    return drawn
