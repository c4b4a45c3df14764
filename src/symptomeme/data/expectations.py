"""What a good row is: Great Expectations' suite for a task, over the columns of `row_facts.row_facts`.

Great Expectations takes seconds to import: only validate imports this module.
"""

from typing import Any

import great_expectations.expectations as gxe

from symptomeme.domain.labels import SPLITS, Task
from symptomeme.domain.sections.data import ValidateParams

NAME, BOUND = "check", "bound"
"""Keys in an expectation's `meta`: its short name, as in validation.json, and the key in params.yaml that bounds it."""


def expectations(task: Task, params: ValidateParams) -> list[Any]:
    """All expectations of a task; `description` tells each in plain words.

    Severity `critical`: rows that fail are bad. `warning`: they stay, and the expectation fails when they are more
    than its bound allows.
    """
    found = [*_of_every_row(task, params), *_of_the_whole(params)]
    if not task.multi_label:
        one = gxe.ExpectColumnValuesToBeBetween(
            column="label_count", min_value=1, max_value=1, description="there must be exactly one label"
        )
        found.append(_named("label_count", one))
    return found


def _of_every_row(task: Task, params: ValidateParams) -> list[Any]:
    checks = {
        "empty_key": gxe.ExpectColumnValuesToNotBeNull(column="key", description="key must not be empty"),
        "repeated_key": gxe.ExpectColumnValuesToBeUnique(column="key", description="key must be unique"),
        "unreadable_picture": gxe.ExpectColumnValuesToBeNull(column="fault", description="picture must be readable"),
        "small_picture": gxe.ExpectColumnValuesToBeBetween(
            column="smaller_side",
            min_value=params.min_side,
            description=f"smaller side must be at least {params.min_side} pixels",
        ),
        "sha256": gxe.ExpectColumnValuesToMatchRegex(
            column="sha256", regex="^[0-9a-f]{64}$", description="SHA-256 must be 64 hexadecimal digits"
        ),
        "phash": gxe.ExpectColumnValuesToMatchRegex(
            column="phash", regex="^[0-9a-f]{16}$", description="perceptual hash must be 16 hexadecimal digits"
        ),
        "unknown_split": gxe.ExpectColumnValuesToBeInSet(
            column="split", value_set=list(SPLITS), description=f"split must be one of {', '.join(SPLITS)}"
        ),
        "unknown_label": gxe.ExpectColumnValuesToBeNull(
            column="unknown_label", description=f"labels must be classes of {task.title}"
        ),
        "long_text": gxe.ExpectColumnValuesToBeBetween(
            column="text_length",
            max_value=params.max_text_length,
            description=f"given text must have at most {params.max_text_length} characters",
        ),
    }
    return [_named(name, check) for name, check in checks.items()]


def _of_the_whole(params: ValidateParams) -> list[Any]:
    """What a row cannot be blamed for alone: kept, with a warning over a bound, or put aside as params say."""
    return [
        _kept_or_not(
            "conflicting_labels",
            "same words or same picture must have the same labels",
            put_aside=params.conflicting_labels == "quarantine",
            at_most=params.max_conflicting_share,
            bound="validate.max_conflicting_share",
        ),
        _kept_or_not(
            "leaked",
            "duplicates must not stand both in train or val and in test or extra",
            put_aside=False,
            at_most=params.max_leaked_share,
            bound="validate.max_leaked_share",
        ),
        _kept_or_not(
            "other_language",
            "given text must be English",
            put_aside=params.other_languages == "quarantine",
            at_most=params.max_other_language_share,
            bound="validate.max_other_language_share",
        ),
    ]


def _kept_or_not(name: str, told: str, *, put_aside: bool, at_most: float, bound: str) -> Any:
    if put_aside:
        return _named(name, gxe.ExpectColumnValuesToBeNull(column=name, description=told))
    expectation = gxe.ExpectColumnValuesToBeNull(
        column=name,
        description=f"{told}, {at_most:.1%} allowed",
        mostly=round(1 - at_most, 9),  # in binary, 1 - 0.7 is over 0.3
        severity="warning",
    )
    return _named(name, expectation, bound=bound)


def _named(name: str, expectation: Any, *, bound: str | None = None) -> Any:
    expectation.meta = {NAME: name, BOUND: bound}
    return expectation
