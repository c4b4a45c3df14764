"""False and missed alarms of `symptomeme monitor` on the champion of a finished run.

    python benchmarks/monitor.py anxiety

The peer is chance: ten batches drawn from test must give no alarm, and each of three shifted batches one: the longest
texts, memes of two classes alone, blurred pictures. Ends with 1 where that does not hold. Reads artifacts/ and the
registry, and writes nothing but the caches.
"""

import argparse
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from PIL import ImageFilter

from symptomeme.data.transforms import read_picture
from symptomeme.domain.labels import TASKS, Task
from symptomeme.domain.layout import task_paths
from symptomeme.domain.params import read_params
from symptomeme.domain.records import MEME_ROWS, read_rows
from symptomeme.lifecycle.drift import Criterion, compare, features
from symptomeme.lifecycle.monitoring import bounds_of
from symptomeme.lifecycle.observed import scored
from symptomeme.lifecycle.reference import read_champion, trained_texts
from symptomeme.predictor import Predictor

SEEDS, ROWS, BLUR = 10, 60, 3.0  # batches, memes a batch, pixels


def blurred(memes: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The same memes, out of focus."""
    places = [str(folder / f"{index}.png") for index in range(len(memes))]
    for image, place in zip(memes.image, places, strict=True):
        read_picture(Path(image)).filter(ImageFilter.GaussianBlur(BLUR)).save(place)
    return memes.assign(image=places)


def of_two_classes(memes: pd.DataFrame, task: Task) -> pd.Series:
    """Which memes carry no class but the two most frequent."""
    counts = Counter(label for labels in memes.labels for label in labels)
    two = {label for label, _ in counts.most_common(2)}
    return memes.labels.map(lambda labels: bool(len(labels)) and set(labels) <= two)


def told(name: str, criteria: list[Criterion]) -> bool:
    """Print a batch's criteria; whether any alarms."""
    cells = [f"{found.name} {found.value:.3f}/{found.bound:.3f}{'!' if found.alarm else ''}" for found in criteria]
    print(f"{name:<16}", *cells, sep="  ")
    return any(found.alarm for found in criteria)


def main() -> int:
    """Print value/bound of every criterion of every batch, `!` where it alarms."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=TASKS)
    task, params = TASKS[parser.parse_args().task], read_params()
    champion = read_champion(f"{params.registration.model_prefix}-{task.name}", params.registration.experiment)
    predictor, bounds = Predictor(champion.model), bounds_of(params, batches=1)
    reference = features(champion.reference, trained_texts(champion.trained, task_paths(task.name).texts))

    def score(memes: pd.DataFrame) -> pd.DataFrame:
        return scored(memes, predictor, most=len(memes), seed=0).rows

    memes = read_rows(task_paths(task.name).valid, MEME_ROWS)
    memes = memes[memes.split == "test"].drop_duplicates("sha256").reset_index(drop=True)
    rows = score(memes)
    batches = {f"seed {seed}": rows.sample(ROWS, random_state=seed) for seed in range(SEEDS)}
    shifted = {
        "longest texts": rows.nlargest(ROWS, "text_length"),
        "two classes": rows[of_two_classes(memes, task)].head(ROWS),
    }
    with TemporaryDirectory() as folder:
        shifted["blurred"] = score(blurred(memes.sample(ROWS, random_state=0), Path(folder)))
    alarms = {
        name: told(name, compare(reference, features(batch), task.labels, bounds))
        for name, batch in {**batches, **shifted}.items()
    }
    false, seen = sum(alarms[name] for name in batches), sum(alarms[name] for name in shifted)
    print(f"{task.name}: {false} of {SEEDS} unchanged batches alarmed, {seen} of {len(shifted)} shifted ones")
    return int(false > 0 or seen < len(shifted))


if __name__ == "__main__":
    raise SystemExit(main())
