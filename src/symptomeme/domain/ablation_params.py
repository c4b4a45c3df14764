"""An ablation: a variant of the model, and where it differs from the sections `model` and `train`."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from symptomeme.domain.faults import Kind, faults
from symptomeme.domain.section import Section
from symptomeme.domain.sections.model import ModelParams
from symptomeme.domain.sections.training import TrainParams, VariantParams

_ENCODERS = dict.fromkeys(
    ("text_encoder", "vision_encoder"), "all ablations have the encoders of the section model, which the graph watches"
)
_ALIGNED = {"contrastive_size": "pre-alignment has trained heads of the size in the section model; start: encoders"}
"""Keys that an ablation cannot change, and why."""


class AblationParams(VariantParams):
    """A variant of the model for the study alone."""

    reasoning: bool | None = None  # behind the words: with, or without; null: as the stage reason left it
    model: dict[str, Any] = Field(default_factory=dict)  # values in place of those of the section `model`
    train: dict[str, Any] = Field(default_factory=dict)  # values in place of those of the section `train`


def changed(section: Kind, changes: Mapping[str, Any]) -> Kind:
    """A section with other values.

    Raises:
        pydantic.ValidationError: a key is unknown, or the values do not fit.
    """
    return type(section).model_validate({**section.model_dump(), **changes}) if changes else section


def faults_of_changes(
    ablations: Mapping[str, AblationParams], *above: str, model: ModelParams, train: TrainParams
) -> list[str]:
    """What is wrong with the values that ablations change.

    Args:
        ablations: by name.
        above: the keys under which they stand.
        model: the section that they change.
        train: the other one.
    """
    found = []
    sections: dict[str, Section] = {"model": model, "train": train}
    for name, described in ablations.items():
        for key, section in sections.items():
            try:
                changed(section, getattr(described, key))
            except ValidationError as error:
                found += faults(error, type(section), *above, name, key)
        fixed = {**_ENCODERS, **(_ALIGNED if described.start == "aligned" else {})}
        found += [
            f"{'.'.join((*above, name, 'model', key))}: {why}" for key, why in fixed.items() if key in described.model
        ]
    return found
