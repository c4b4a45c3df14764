"""validate: every row checked, the bad ones put aside, the doubtful ones marked."""

import logging
from typing import Any

import pandas as pd

from symptomeme.data.checks import Checked, Finding, check
from symptomeme.data.data_docs import write_pages
from symptomeme.domain.errors import DataError
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import data_docs, task_paths
from symptomeme.domain.records import MEME_ROWS, REASON_ROWS, read_rows, write_rows
from symptomeme.domain.sections.data import ValidateParams
from symptomeme.domain.writing import replacing, write_json

LOG = logging.getLogger(__name__)


def run(task: Task, params: ValidateParams) -> None:
    """Write good rows, bad and doubtful rows with their reasons, how many there are, and Data Docs for people.

    Raises:
        InputError: ingest has not run.
        DataError: too many rows are bad, or there are none; nothing but Data Docs is written.
    """
    paths = task_paths(task.name)
    memes = read_rows(paths.memes, MEME_ROWS)
    if memes.empty:
        raise DataError(f"{paths.memes} holds no meme. Run 'symptomeme import-data {task.name} ARCHIVE...'.")
    checked = check(task, memes, params)
    with replacing(data_docs(task.name)) as folder:
        write_pages(checked.context, folder, name=task.title)
    bad, doubtful = checked.reasons(bad=True), checked.reasons(bad=False)
    failed = [finding for finding in checked.findings if finding.bad and finding.rows]
    told = f"{len(bad)} of {len(memes)} memes failed their checks: {_told(failed, len(memes))}"
    page = data_docs(task.name) / "index.html"
    if len(bad) > params.max_bad_share * len(memes):
        raise DataError(
            f"{paths.memes}: {told}. See {page}. At most {params.max_bad_share:.1%} may fail "
            "(validate.max_bad_share): mend the data, import it again and run 'dvc repro', or allow more."
        )
    if bad:
        LOG.warning("%s: %s. See %s; put aside in %s.", paths.memes, told, page, paths.quarantine)
    for finding in checked.findings:
        if finding.over:
            more = f"{_told([finding], len(memes))}, over {finding.over}"
            LOG.warning("%s: %s. They stay, and are named in %s.", paths.memes, more, paths.doubtful)
    write_rows(paths.quarantine, _rows(memes, bad), REASON_ROWS)
    write_rows(paths.doubtful, _rows(memes, doubtful), REASON_ROWS)
    write_rows(paths.valid, memes.drop(index=list(bad)), MEME_ROWS)
    write_json(paths.validation, _counts(memes, checked))


def _told(findings: list[Finding], total: int) -> str:
    """How many rows each expectation found."""
    return "; ".join(f"{found.told}: {len(found.rows)} ({len(found.rows) / total:.1%})" for found in findings)


def _rows(memes: pd.DataFrame, reasons: dict[int, str]) -> list[dict[str, Any]]:
    found = [{"key": memes["key"].iloc[row], "reason": reason} for row, reason in reasons.items()]
    return sorted(found, key=lambda row: row["key"])


def _counts(memes: pd.DataFrame, checked: Checked) -> dict[str, Any]:
    """Counts for `dvc metrics`: the same keys for every version of the data of a task."""
    return {
        "memes": len(memes),
        "bad": len(checked.reasons(bad=True)),
        "surplus_duplicates": len(memes) - memes["cluster"].nunique(),
        "by_check": {finding.name: len(finding.rows) for finding in checked.findings},
    }
