"""Stage ingest: one row a meme, with what its picture is, where it is used and what it duplicates."""

from symptomeme.data.dataset import Annotation, read_dataset, read_splits
from symptomeme.data.duplicates import clusters
from symptomeme.data.naming import printable
from symptomeme.data.pictures import look_at_all
from symptomeme.data.splits import leaked
from symptomeme.domain.errors import InputError
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import dataset_paths, task_paths
from symptomeme.domain.records import MEME_ROWS, write_rows
from symptomeme.domain.sections.data import IngestParams


def run(task: Task, params: IngestParams) -> None:
    """Write the table of memes of a task.

    Raises:
        InputError: the data set, one of its pictures, or the place of a meme in the splits is missing.
    """
    memes = read_dataset(task)
    splits = _splits_of(task, memes)
    looks = look_at_all([meme.image for meme in memes], what="ingest")
    named = clusters(
        [meme.key for meme in memes],
        [look.sha256 for look in looks],
        [meme.text for meme in memes],
        [look.phash for look in looks],
        phash_distance=params.phash_distance,
        text_similarity=params.text_similarity,
    )
    rows = [
        {
            "key": meme.key,
            "id": meme.id,
            "origin": meme.origin,
            "split": split,
            "image": meme.image.as_posix(),
            **look._asdict(),
            "labels": meme.labels,
            "given_text": meme.text,
            "given_reasoning": meme.reasoning,
            "cluster": cluster,
            "leaked": mark,
        }
        for meme, split, look, cluster, mark in zip(memes, splits, looks, named, leaked(splits, named), strict=True)
    ]
    write_rows(task_paths(task.name).memes, rows, MEME_ROWS)


def _splits_of(task: Task, memes: list[Annotation]) -> list[str]:
    paths = dataset_paths(task.dataset)
    placed = read_splits(paths)
    missing = [meme.key for meme in memes if meme.key not in placed]
    if missing:
        raise InputError(
            f"{paths.splits} has no place for {len(missing)} memes, the first {printable(missing[0])}: data/ was "
            f"changed by hand. Run 'dvc checkout data', and join memes by 'symptomeme import-data {task.name} --add'."
        )
    return [placed[meme.key] for meme in memes]
