"""validate: every row checked, the bad ones put aside."""

import logging

from symptomeme.data.checks import Checked, check
from symptomeme.data.data_docs import write_pages
from symptomeme.domain.errors import DataError
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import data_docs, task_paths
from symptomeme.domain.params import ValidateParams
from symptomeme.domain.records import MEME_ROWS, QUARANTINE_ROWS, read_rows, write_rows
from symptomeme.domain.writing import replacing

LOG = logging.getLogger(__name__)


def run(task: Task, params: ValidateParams) -> None:
    """Write good rows, bad rows with their reasons, and Data Docs for people.

    Raises:
        InputError: ingest has not run.
        DataError: too many rows are bad, or there are none; nothing but Data Docs is written.
    """
    paths = task_paths(task.name)
    memes = read_rows(paths.memes, MEME_ROWS)
    if memes.empty:
        raise DataError(f"{paths.memes} holds no meme. Run 'symptomeme import-data {task.name} ARCHIVE...'.")
    checked = check(task, memes, min_side=params.min_side, max_text_length=params.max_text_length)
    with replacing(data_docs(task.name)) as folder:
        write_pages(checked.context, folder, name=task.title)
    told = f"{_told(checked, len(memes))}. See {data_docs(task.name) / 'index.html'}"
    if len(checked.reasons) > params.max_bad_share * len(memes):
        raise DataError(
            f"{paths.memes}: {told}. At most {params.max_bad_share:.1%} may fail (validate.max_bad_share): "
            "mend the data, import it again and run 'dvc repro', or allow more."
        )
    if checked.reasons:
        LOG.warning("%s: %s; put aside in %s.", paths.memes, told, paths.quarantine)
    bad = [{"key": memes["key"].iloc[row], "reason": reason} for row, reason in checked.reasons.items()]
    write_rows(paths.quarantine, sorted(bad, key=lambda row: row["key"]), QUARANTINE_ROWS)
    write_rows(paths.valid, memes.drop(index=list(checked.reasons)), MEME_ROWS)


def _told(checked: Checked, total: int) -> str:
    """How many rows fail, in all and by expectation."""
    each = "; ".join(f"{name}: {len(rows)} ({len(rows) / total:.1%})" for name, rows in checked.failed.items())
    return f"{len(checked.reasons)} of {total} memes failed their checks: {each}"
