"""Variants of the model, and what each has other than the sections `model` and `train`."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError

from symptomeme.domain.faults import Kind, faults
from symptomeme.domain.section import Section

_ENCODERS = dict.fromkeys(
    ("text_encoder", "vision_encoder"), "all variants have the encoders of the section model, which the graph watches"
)
_ALIGNED = {"contrastive_size": "pre-alignment has trained heads of the size in the section model; start: encoders"}
"""Keys that a variant cannot change, and why."""


class VariantParams(Section):
    """A variant of the model: which modalities it has, what its encoders start from, and where else it differs."""

    text: bool
    image: bool
    start: Literal["aligned", "encoders"]
    model: dict[str, Any] = Field(default_factory=dict)  # values in place of those of the section `model`
    train: dict[str, Any] = Field(default_factory=dict)  # values in place of those of the section `train`


def changed(section: Kind, changes: Mapping[str, Any]) -> Kind:
    """A section with other values.

    Raises:
        pydantic.ValidationError: a key is unknown, or the values do not fit.
    """
    return type(section).model_validate({**section.model_dump(), **changes}) if changes else section


def faults_of_changes(variants: Mapping[str, VariantParams], *above: str, model: Section, train: Section) -> list[str]:
    """What is wrong with the values that variants change.

    Args:
        variants: by name.
        above: the keys under which they stand.
        model: the section that they change.
        train: the other one.
    """
    found = []
    for name, described in variants.items():
        for key, section, changes in (("model", model, described.model), ("train", train, described.train)):
            try:
                changed(section, changes)
            except ValidationError as error:
                found += faults(error, type(section), *above, name, key)
        fixed = {**_ENCODERS, **(_ALIGNED if described.start == "aligned" else {})}
        found += [
            f"{'.'.join((*above, name, 'model', key))}: {why}" for key, why in fixed.items() if key in described.model
        ]
    return found
