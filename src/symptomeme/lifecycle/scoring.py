"""Many memes through one model, shard by shard: a run that was stopped goes on, and leaves the same bytes."""

import hashlib
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import PIL
import pyarrow as pa
import pyarrow.parquet as pq
import torch
import transformers

from symptomeme.data.transforms import decode, read_picture
from symptomeme.domain.digests import of_code, of_folder, of_value
from symptomeme.domain.errors import ImageError, InputError
from symptomeme.domain.progress import progress
from symptomeme.domain.records import SCORE_ROWS, write_rows
from symptomeme.domain.writing import replacing
from symptomeme.lifecycle.unscored import Meme, as_files, memes_in
from symptomeme.predictor import Predictor, Served, ocr_params
from symptomeme.text.engines import engine_of, read_pictures
from symptomeme.text.ocr import OcrEngine, without_persons

BATCH = 32  # memes in one forward pass
PLAN = b"symptomeme.plan"


class Scored(NamedTuple):
    """What a run did."""

    memes: int
    faults: int
    abstained: int
    shards_kept: int  # that an earlier run had left
    shards: int


class _Look(NamedTuple):
    """A picture before it is scored: the digest of its bytes, and what is wrong with it."""

    sha256: str | None
    fault: str | None


def score(source: Path, out: Path, served: Served, *, shard_size: int) -> Scored:
    """Score every meme in `source`, leave a table of SCORE_ROWS in `out`.

    Finished shards lie in `<out>.shards/` until all are there. Shards and tables of other memes, another model or other
    code are not used.

    Raises:
        InputError: nothing to score, or `out` is something else than such a table.
        ToolError: Tesseract is missing or failed.
    """
    memes, predictor = memes_in(source), served.predictor
    if not memes:
        raise InputError(
            f"{source} holds no meme. Name a folder with pictures, or a Parquet table with a column 'image'."
        )
    ocr = ocr_params(predictor.config.ocr)
    engine = engine_of(ocr)
    looks = [_look(meme) for meme in progress(memes, what="looking")]
    plan = _plan(memes, looks, served, [engine.settings, ocr.mask_personal, shard_size])
    parts = [memes[start : start + shard_size] for start in range(0, len(memes), shard_size)]
    if _plan_of(out) == plan:
        return _told(pq.read_table(out), kept=len(parts), shards=len(parts))
    folder = out.with_name(f"{out.name}.shards") / plan
    for other in [] if not folder.parent.is_dir() else folder.parent.iterdir():
        if other != folder:
            shutil.rmtree(other)
    kept = 0
    for number, part in enumerate(progress(parts, what="scoring", unit="shard")):
        path = folder / f"{number:05}.parquet"
        if path.is_file():
            kept += 1
            continue
        first = number * shard_size
        write_rows(
            path, _rows(part, looks[first : first + len(part)], predictor, engine, mask=ocr.mask_personal), SCORE_ROWS
        )
    whole = _joined(folder, len(parts), plan, served)
    with replacing(out) as beside:
        pq.write_table(whole, beside, compression="zstd")
    shutil.rmtree(folder.parent)
    return _told(whole, kept=kept, shards=len(parts))


def _look(meme: Meme) -> _Look:
    try:
        data = meme.image if isinstance(meme.image, bytes) else meme.image.read_bytes()
    except OSError as error:
        return _Look(None, f"cannot be read ({error.strerror})")
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        decode(data)
    except ImageError as error:
        return _Look(sha256, str(error))
    return _Look(sha256, None)


def _plan(memes: list[Meme], looks: list[_Look], served: Served, settings: list[Any]) -> str:
    """A digest of everything that the result's bytes depend on."""
    versions = [module.__version__ for module in (torch, transformers, PIL, pa)]
    inputs = [[meme.key, *look] for meme, look in zip(memes, looks, strict=True)]
    model = [served.name, served.version, of_folder(served.predictor.folder)]
    code = of_code(["onnxruntime"])  # of whose version nothing is told where it is not loaded
    return of_value([inputs, model, settings, torch.get_num_threads(), versions, code])


def _plan_of(out: Path) -> str | None:
    """The plan that a table was made by; None if it is not there."""
    if not out.exists():
        return None
    try:
        plan = (pq.read_schema(out).metadata or {}).get(PLAN)
    except (pa.ArrowException, OSError):
        plan = None
    if plan is None:
        raise InputError(f"{out} is there, and no table of predictions. Name another place, or remove it.")
    return str(plan.decode())


def _rows(
    memes: list[Meme], looks: list[_Look], predictor: Predictor, engine: OcrEngine, *, mask: bool
) -> list[dict[str, Any]]:
    """A row a meme; `mask` says whether the model is given words without what names persons."""
    rows: list[dict[str, Any]] = [
        {"key": meme.key, "sha256": look.sha256, "predicted": [], "abstain": True, "words": 0, "fault": look.fault}
        for meme, look in zip(memes, looks, strict=True)
    ]
    whole = [index for index, look in enumerate(looks) if look.fault is None]
    with as_files([memes[index] for index in whole]) as paths:
        known = [(str(looks[index].sha256), path) for index, path in zip(whole, paths, strict=True)]
        readings = read_pictures(engine, known)
        if mask:
            readings = [without_persons(reading) for reading in readings]
        for start in range(0, len(whole), BATCH):
            some = slice(start, start + BATCH)
            texts = [reading.text for reading in readings[some]]
            found = predictor.predict([read_picture(path) for path in paths[some]], texts)
            for index, reading, prediction in zip(whole[some], readings[some], found, strict=True):
                rows[index] |= {
                    "predicted": prediction.labels,
                    "probabilities": [round(value, 8) for value in prediction.probabilities.values()],
                    "abstain": prediction.abstain,
                    "confidence": reading.confidence,
                    "words": reading.words,
                }
    return rows


def _joined(folder: Path, shards: int, plan: str, served: Served) -> pa.Table:
    """All shards as one table, which says what made it."""
    config = served.predictor.config
    told = {
        "symptomeme.plan": plan,
        "symptomeme.task": served.task,
        "symptomeme.model": json.dumps(served.told()),
        "symptomeme.classes": json.dumps([config.id2label[index] for index in sorted(config.id2label)]),
    }
    tables = [pq.read_table(folder / f"{number:05}.parquet") for number in range(shards)]
    return pa.concat_tables(tables).combine_chunks().replace_schema_metadata(told)


def _told(table: pa.Table, *, kept: int, shards: int) -> Scored:
    faults = len(table) - table.column("fault").null_count
    abstained = Counter(table.column("abstain").to_pylist())[True] - faults
    return Scored(memes=len(table), faults=faults, abstained=abstained, shards_kept=kept, shards=shards)
