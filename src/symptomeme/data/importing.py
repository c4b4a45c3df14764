"""Published archives into data/<dataset>: built whole beside its place, then renamed: it is never half there."""

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from symptomeme.data.annotations import Record, Records, read_records
from symptomeme.data.archives import Archive, Member, open_archive
from symptomeme.data.companions import SAMPLE, read_boxes, read_source_kind, write_boxes
from symptomeme.data.dataset import (
    Annotation,
    read_annotations,
    read_kind,
    read_splits,
    require_dataset,
    write_annotations,
    write_splits,
)
from symptomeme.data.layouts import Found, recognise
from symptomeme.data.left_out import LeftOut
from symptomeme.data.naming import key_of, natural, printable
from symptomeme.data.placing import Placing, place_memes
from symptomeme.domain.errors import ArchiveError, InputError
from symptomeme.domain.labels import SPLITS, Task
from symptomeme.domain.layout import DatasetPaths, dataset_paths
from symptomeme.domain.progress import progress
from symptomeme.domain.writing import replacing, write_json


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What an import did."""

    kind: str  # sample, drawn or published
    taken: dict[str, list[Annotation]]  # by the split they are used in
    sizes: Counter[str]  # memes of the whole data set by split
    touching: int  # memes of train and val whose duplicate cluster touches test or extra
    left_out: LeftOut


class _Wanted(NamedTuple):
    """An annotation and its picture."""

    origin: str
    id: str
    record: Record
    picture: Member


def import_archives(task: Task, sources: Sequence[Path], placing: Placing, *, add: bool) -> Imported:
    """Take the memes of a task out of zips and folders, and say where each is used.

    Args:
        task: whose memes.
        sources: zips and folders; annotations and pictures may stand in different ones.
        placing: how they are placed.
        add: join what is there; else nothing may be there.

    Raises:
        ArchiveError: a source is missing, corrupt, hostile, of another kind than the rest, or no meme of the task is in
            any of them.
        AnnotationError: an annotation is not what the task allows.
        InputError: there is a data set and `add` is False, or none and it is True.
    """
    paths = dataset_paths(task.dataset)
    _check_target(task, paths, add=add)
    left_out = LeftOut()
    with ExitStack() as stack:
        archives = [stack.enter_context(open_archive(source)) for source in sources]
        kind = _agreed_kind(archives, paths, add=add)
        found = recognise(task, archives, left_out)
        records = read_records(task, found.annotations, left_out)
        wanted = _paired(found, records, left_out)
        if not wanted:
            raise ArchiveError(_nothing(task, sources, records))
        with replacing(paths.root) as beside:
            new = DatasetPaths(beside)
            if add:
                _carry_over(paths, new)
            old = read_annotations(paths)
            taken = _copied(wanted, {annotation.key: annotation for annotation in old}, paths, new, left_out)
            write_annotations(new, [*old, *taken])
            write_boxes(new, read_boxes(found.boxes, {annotation.key for annotation in taken}), there=paths)
            write_json(new.source, {"kind": kind})
            splits, touching = place_memes(new, read_splits(new) if add else {}, placing)
            write_splits(new, splits)
    return Imported(
        kind=kind,
        taken={split: [meme for meme in taken if splits[meme.key] == split] for split in SPLITS},
        sizes=Counter(splits.values()),
        touching=touching,
        left_out=left_out,
    )


def _check_target(task: Task, paths: DatasetPaths, *, add: bool) -> None:
    if add:
        require_dataset(task)
    elif paths.root.exists():
        if _holds_sample(paths):
            raise InputError(
                f"{paths.root} holds the sample, with which no other memes are mixed. To put others in its place: "
                f"'rm -r {paths.root}', then run this again."
            )
        raise InputError(
            f"{paths.root} is there already: use --add to join more memes to it, or delete it to import afresh "
            "(then memes may move between splits)."
        )


def _holds_sample(paths: DatasetPaths) -> bool:
    with suppress(InputError, OSError):
        return read_kind(paths) == SAMPLE
    return False


def _agreed_kind(archives: Sequence[Archive], paths: DatasetPaths, *, add: bool) -> str:
    kind = read_source_kind(archives)
    if add and read_kind(paths) != kind:
        raise ArchiveError(
            f"{paths.root} holds {read_kind(paths)} data and these archives {kind} data: the two are not mixed. "
            f"Delete {paths.root} and import without --add."
        )
    return kind


def _paired(found: Found, records: Records, left_out: LeftOut) -> list[_Wanted]:
    """Records with a picture, in the order of splits and then naturally by id."""
    wanted = []
    for origin in SPLITS:
        known, pictures = records.get(origin, {}), found.pictures.get(origin, {})
        for meme_id in sorted(known, key=natural):
            record = known[meme_id]
            if meme_id not in pictures:
                left_out.add("annotation without a picture", key_of(origin, meme_id))
            elif record is not None:
                wanted.append(_Wanted(origin, meme_id, record, pictures[meme_id]))
        for name in sorted(pictures.keys() - known.keys()):
            left_out.add("picture without an annotation", printable(key_of(origin, name)))
    return wanted


def _nothing(task: Task, sources: Sequence[Path], records: Records) -> str:
    told = ", ".join(map(printable, sources))
    known = sum(map(len, records.values()))
    if known:
        return (
            f"{told}: {known} annotations of {task.title}, but a picture for none that could be taken; nothing was "
            f"imported. Give the archive with the pictures too, or draw them with 'symptomeme draw {task.name}'."
        )
    return (
        f"{told}: no annotations of {task.title}; expected JSON or CSV files whose names tell a split (such as "
        f"{task.name}_train.json), with the field {' or '.join(task.label_fields)}."
    )


def _carry_over(old: DatasetPaths, new: DatasetPaths) -> None:
    """Everything that is there, by hard links: nothing in data/ is ever changed in place."""
    shutil.copytree(old.root, new.root, copy_function=_link, symlinks=True)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)


def _copied(
    wanted: Sequence[_Wanted], known: dict[str, Annotation], paths: DatasetPaths, new: DatasetPaths, left_out: LeftOut
) -> list[Annotation]:
    """Copy the pictures of new memes, byte for byte; memes that are there already stay as they are."""
    taken = []
    for origin, meme_id, record, picture in progress(wanted, what="copying", total=len(wanted)):
        data = picture.read()
        there = known.get(key_of(origin, meme_id))
        if there is not None:
            same = there.labels == record.labels and there.image.read_bytes() == data
            left_out.add(
                "there already, skipped" if same else "there already with another picture or labels, left out",
                there.key,
            )
            continue
        image = paths.images(origin) / f"{meme_id}{picture.path.suffix.lower()}"
        new.images(origin).mkdir(parents=True, exist_ok=True)
        (new.images(origin) / image.name).write_bytes(data)
        taken.append(
            Annotation(
                id=meme_id,
                origin=origin,
                image=image,
                labels=record.labels,
                text=record.text,
                reasoning=record.reasoning,
            )
        )
    return taken
