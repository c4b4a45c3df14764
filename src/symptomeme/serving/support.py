"""Where a person finds help: told with an answer that names Self-Harm. Read from a file, never fetched."""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from symptomeme.domain.errors import InputError

OWN = Path(__file__).parents[1] / "assets" / "support.yaml"
LABEL = "Self-Harm"


class Resource(BaseModel):
    """A place to turn to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    contact: str  # an address, a number or a page
    about: str | None = None


class Support(BaseModel):
    """What is shown with the label."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    message: str
    resources: list[Resource]


def read_support(path: Path | None) -> Support:
    """The support resources of a file; None: those of the package.

    Raises:
        InputError: the file is missing, or is not of this form.
    """
    place = path or OWN
    try:
        return Support.model_validate(yaml.safe_load(place.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(f"SYMPTOMEME_SUPPORT: {place} cannot be read ({error.strerror}). Name another file.") from None
    except (yaml.YAMLError, ValidationError, ValueError):
        raise InputError(
            f"SYMPTOMEME_SUPPORT: {place} does not hold a message and a list of resources, each with name and contact. "
            f"See {OWN} for an example."
        ) from None
