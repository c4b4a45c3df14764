"""What a good row is: one Great Expectations suite a task.

Great Expectations takes seconds to import: only validate imports this module.
"""

from typing import Any, NamedTuple

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd

from symptomeme.domain.errors import ToolError
from symptomeme.domain.labels import SPLITS, Task


class Checked(NamedTuple):
    """What the suite found."""

    failed: dict[str, list[int]]  # name of each failed expectation, positions of the rows that fail it
    context: Any  # Great Expectations' own, which holds the result for Data Docs

    @property
    def reasons(self) -> dict[int, str]:
        """The position of each bad row, ascending, and the expectations that it fails."""
        found: dict[int, list[str]] = {}
        for name, rows in self.failed.items():
            for row in rows:
                found.setdefault(row, []).append(name)
        return {row: "; ".join(found[row]) for row in sorted(found)}


def check(task: Task, memes: pd.DataFrame, *, min_side: int, max_text_length: int) -> Checked:
    """Check every row of a table of `records.MEME_ROWS`.

    Raises:
        ToolError: Great Expectations could not come to a verdict.
    """
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    batch = (
        context.data_sources.add_pandas(task.dataset)
        .add_dataframe_asset(task.name)
        .add_batch_definition_whole_dataframe("memes")
    )
    suite = context.suites.add(
        gx.ExpectationSuite(task.name, expectations=_expectations(task, min_side, max_text_length))
    )
    definition = context.validation_definitions.add(gx.ValidationDefinition(name=task.name, data=batch, suite=suite))
    checkpoint = gx.Checkpoint(
        name=task.name,
        validation_definitions=[definition],
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["row", "key"]},
    )
    outcome = checkpoint.run(
        batch_parameters={"dataframe": _plain(task, memes)}, run_id=gx.RunIdentifier(run_name=task.name)
    )
    return Checked(_failed(outcome), context)


def _expectations(task: Task, min_side: int, max_text_length: int) -> list[Any]:
    """Each with its name in plain words: as `description` it stands in messages, quarantine and Data Docs alike."""
    expectations = [
        gxe.ExpectColumnValuesToNotBeNull(column="key", description="key must not be empty"),
        gxe.ExpectColumnValuesToBeUnique(column="key", description="key must be unique"),
        gxe.ExpectColumnValuesToBeNull(column="fault", description="picture must be readable"),
        gxe.ExpectColumnValuesToBeBetween(
            column="smaller_side", min_value=min_side, description=f"smaller side must be at least {min_side} pixels"
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="sha256", regex="^[0-9a-f]{64}$", description="SHA-256 must be 64 hexadecimal digits"
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="phash", regex="^[0-9a-f]{16}$", description="perceptual hash must be 16 hexadecimal digits"
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="split", value_set=list(SPLITS), description=f"split must be one of {', '.join(SPLITS)}"
        ),
        gxe.ExpectColumnValuesToBeNull(column="unknown_label", description=f"labels must be classes of {task.title}"),
        gxe.ExpectColumnValuesToBeBetween(
            column="text_length",
            max_value=max_text_length,
            description=f"given text must have at most {max_text_length} characters",
        ),
    ]
    if not task.multi_label:
        expectations.append(
            gxe.ExpectColumnValuesToBeBetween(
                column="label_count", min_value=1, max_value=1, description="there must be exactly one label"
            )
        )
    return expectations


def _plain(task: Task, memes: pd.DataFrame) -> pd.DataFrame:
    """The table as plain columns: no lists, and no text, so that none can reach Data Docs.

    Great Expectations passes over missing values. An unreadable picture has no size and hash, and fails for its
    fault alone; where a readable one lacks them, they become values that fail.
    """
    unreadable = memes["fault"].notna()
    side = memes[["width", "height"]].min(axis=1, skipna=False)
    return pd.DataFrame(
        {
            "row": range(len(memes)),
            "key": memes["key"].replace("", None),
            "fault": memes["fault"],
            "smaller_side": side.where(side.notna() | unreadable, 0),
            "sha256": memes["sha256"],
            "phash": memes["phash"].where(memes["phash"].notna() | unreadable, ""),
            "split": memes["split"],
            "unknown_label": [
                next((label for label in labels if label not in task.labels), None) for labels in memes["labels"]
            ],
            "label_count": [len(labels) for labels in memes["labels"]],
            "text_length": memes["given_text"].str.len(),
        }
    )


def _failed(outcome: Any) -> dict[str, list[int]]:
    failed = {}
    for run in outcome.run_results.values():
        for result in run.results:
            if result.success:
                continue
            name = result.expectation_config.description
            rows = [int(found["row"]) for found in result.result.get("unexpected_index_list") or []]
            if not rows:
                raise ToolError(f"Great Expectations {gx.__version__} could not check {name!r}; see requirements.lock.")
            failed[name] = rows
    return failed
