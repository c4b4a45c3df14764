"""The tables between stages: one declared Parquet schema each, checked when written and when read."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from symptomeme.domain.errors import InputError
from symptomeme.domain.writing import replacing


def _schema(**columns: pa.DataType) -> pa.Schema:
    """Columns that hold no nulls, but for those whose name ends in `_or_null` (stored without it)."""
    return pa.schema(
        [pa.field(name.removesuffix("_or_null"), kind, name.endswith("_or_null")) for name, kind in columns.items()]
    )


_STRING, _STRINGS, _BOOL = pa.string(), pa.list_(pa.string()), pa.bool_()
_INT, _FLOAT, _FLOATS = pa.int32(), pa.float64(), pa.list_(pa.float64())

SPLIT_ROWS = _schema(key=_STRING, split=_STRING)
"""import-data: a meme once placed never moves. `key` is "<origin>/<id>", unique in a task."""

MEME_ROWS = _schema(
    key=_STRING,
    id=_STRING,
    origin=_STRING,  # the published split: train, val, test or extra
    split=_STRING,  # where it is used: one of labels.SPLITS
    image=_STRING,  # path from the project's root
    sha256=_STRING,  # of the picture's bytes
    width_or_null=_INT,  # pixels, as shown (after EXIF rotation)
    height_or_null=_INT,
    phash_or_null=_STRING,  # 64-bit perceptual hash, 16 hexadecimal digits
    labels=_STRINGS,
    given_text=_STRING,
    given_reasoning=_STRING,
    cluster=_STRING,  # smallest key among its duplicates, itself included
    leaked=_BOOL,  # its cluster stands both among train or val and among test or extra
    fault_or_null=_STRING,  # why the picture cannot be read
)

REASON_ROWS = _schema(key=_STRING, reason=_STRING)
"""validate: what was found wrong with a meme, whether it was put aside or stays."""

TEXT_ROWS = _schema(
    key=_STRING,
    text=_STRING,
    confidence_or_null=_FLOAT,  # mean over words, percent; null when no word was read or the text was given
    words=_INT,
    engine=_STRING,  # "given", or engine, version and settings
)

REASONING_ROWS = _schema(
    key=_STRING,
    reasoning=_STRING,  # what stands behind the words; empty where there is none
    reasoner=_STRING,  # "none", "given", or model, digest and settings
    answer_or_null=_STRING,  # what a model said, where no reasoning could be made of it
    fault_or_null=_STRING,  # why none could be made
)

PREDICTION_ROWS = _schema(
    key=_STRING,
    split=_STRING,
    leaked=_BOOL,  # it has a duplicate in train; of test or extra: in train or val
    labels=_STRINGS,
    predicted=_STRINGS,
    probabilities=_FLOATS,  # calibrated, in the task's order of classes
    abstain=_BOOL,
)

TRAINING_ROWS = _schema(key=_STRING, sha256=_STRING, text_sha256=_STRING, cluster=_STRING)

SCORE_ROWS = _schema(
    key=_STRING,  # as given, or the picture's path in its folder
    sha256_or_null=_STRING,  # of the picture's bytes
    predicted=_STRINGS,
    probabilities_or_null=_FLOATS,  # calibrated, in the order of classes that the table's metadata name
    abstain=_BOOL,
    confidence_or_null=_FLOAT,  # of the words that were read, percent
    words=_INT,
    fault_or_null=_STRING,  # why there is no prediction
)
"""score: what a model says of a meme; of a picture that cannot be read, why not."""

REFERENCE_ROWS = _schema(
    key=_STRING,
    text_length=_INT,  # characters
    ocr_confidence_or_null=_FLOAT,
    probabilities=_FLOATS,
    abstain=_BOOL,
    embedding=_FLOATS,  # the contrastive embedding of the fused feature, unit length
)


def write_rows(path: Path, rows: list[dict[str, Any]] | pd.DataFrame, schema: pa.Schema) -> None:
    """Write a table; the same rows always leave the same bytes.

    Raises:
        pyarrow.ArrowInvalid: a row does not fit the schema.
    """
    if isinstance(rows, pd.DataFrame):
        table = pa.Table.from_pandas(rows, schema=schema, preserve_index=False).replace_schema_metadata(None)
    else:
        table = pa.Table.from_pylist(rows, schema=schema)
    for field in schema:
        if not field.nullable and table.column(field.name).null_count:
            raise pa.ArrowInvalid(f"{path}: column {field.name!r} may not hold nulls")
    with replacing(path) as beside:
        pq.write_table(table, beside, compression="zstd")


def read_rows(path: Path, schema: pa.Schema) -> pd.DataFrame:
    """Read a table that `write_rows` left.

    Raises:
        InputError: the file is missing, damaged, or has other columns.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing: the stage that writes it has not run. Run 'dvc repro' (or 'dvc pull').")
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError):
        raise InputError(f"{path} is no whole Parquet table. Run 'dvc checkout', then 'dvc repro'.") from None
    if not table.schema.equals(schema):
        raise InputError(f"{path} has columns {table.schema.names}, expected {schema.names}. Run 'dvc repro' again.")
    frame: pd.DataFrame = table.to_pandas()
    return frame
