"""Every row against the suite of its task, by Great Expectations.

Great Expectations takes seconds to import: only validate imports this module.
"""

from typing import Any, NamedTuple

import great_expectations as gx
import pandas as pd

from symptomeme.data.expectations import BOUND, NAME, expectations
from symptomeme.data.row_facts import row_facts
from symptomeme.domain.errors import ToolError
from symptomeme.domain.labels import Task
from symptomeme.domain.sections.data import ValidateParams


class Finding(NamedTuple):
    """What one expectation found."""

    name: str  # short, as in validation.json
    told: str  # in plain words: it stands in messages, tables and Data Docs alike
    rows: dict[int, str]  # positions of the rows that fail it, and what is told of each, if anything
    bad: bool  # these rows are put aside; else they stay
    over: str | None  # the key in params.yaml that allows fewer of those that stay


class Checked(NamedTuple):
    """What the suite found."""

    findings: list[Finding]
    context: Any  # Great Expectations' own, which holds the result for Data Docs

    def reasons(self, *, bad: bool) -> dict[int, str]:
        """The position of each bad row (or of each that stays though something was found), ascending, and why."""
        found: dict[int, list[str]] = {}
        for finding in self.findings:
            if finding.bad == bad:
                for row, detail in finding.rows.items():
                    found.setdefault(row, []).append(f"{finding.told}: {detail}" if detail else finding.told)
        return {row: "; ".join(found[row]) for row in sorted(found)}


def check(task: Task, memes: pd.DataFrame, params: ValidateParams) -> Checked:
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
    suite = context.suites.add(gx.ExpectationSuite(task.name, expectations=expectations(task, params)))
    definition = context.validation_definitions.add(gx.ValidationDefinition(name=task.name, data=batch, suite=suite))
    checkpoint = gx.Checkpoint(
        name=task.name,
        validation_definitions=[definition],
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["row", "key"]},
    )
    facts = row_facts(task, memes, min_letters=params.min_letters, max_english=params.max_english)
    outcome = checkpoint.run(batch_parameters={"dataframe": facts}, run_id=gx.RunIdentifier(run_name=task.name))
    return Checked([_finding(result) for run in outcome.run_results.values() for result in run.results], context)


def _finding(result: Any) -> Finding:
    expectation = result.expectation_config
    told = expectation.description
    unexpected = result.result.get("unexpected_index_list") or []
    if not result.success and not unexpected:
        raise ToolError(f"Great Expectations {gx.__version__} could not check {told!r}; see requirements.lock.")
    # where a value must be missing, the value says what is wrong
    column = expectation.kwargs["column"] if expectation.type == "expect_column_values_to_be_null" else None
    return Finding(
        name=expectation.meta[NAME],
        told=told,
        rows={int(found["row"]): found[column] if column else "" for found in unexpected},
        bad=expectation.severity == "critical",
        over=None if result.success else expectation.meta[BOUND],
    )
