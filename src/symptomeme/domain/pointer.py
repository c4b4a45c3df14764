"""What is served: the pointer that packaging moves and a service follows, and the list a Bento brings of its models."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from symptomeme.domain.errors import InputError
from symptomeme.domain.writing import write_json

OWN_MODELS = "models.json"
"""In a Bento, beside its code: `Live` without a Bento's name, of the models it was built with."""

MODEL_FOLDER = "model"
"""Where the model folder lies in a model of BentoML's store, beside what BentoML writes of it."""


class PackagedModel(BaseModel):
    """A registered version as it lies in BentoML's model store."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str  # of the registered model
    version: str
    variant: str
    digest: str  # of the model folder's files
    tag: str  # in BentoML's model store
    data: str | None = None  # digest of the dataset that it was trained on
    card: str | None = None  # its model card, Markdown


class Live(BaseModel):
    """The Bento that is live, and its model for each task."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    bento: str | None  # its tag; None in the Bento itself, which cannot know it
    models: dict[str, PackagedModel]


def read_live(path: Path) -> Live | None:
    """What is live; None where nothing has been packaged yet.

    Raises:
        InputError: the file is no such pointer.
    """
    try:
        return Live.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        raise InputError(f"{path} does not say what is live. Delete it and run 'symptomeme package'.") from None


def write_live(path: Path, live: Live) -> None:
    """Move the pointer, by one rename."""
    write_json(path, live.model_dump())
