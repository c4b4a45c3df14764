"""A line of metadata.jsonl, as import-data writes it."""

import re

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator

from symptomeme.data.naming import SAFE_ID


class MetadataLine(BaseModel):
    """What stands in it of one meme: nothing but texts, in valid Unicode."""

    model_config = ConfigDict(strict=True)

    id: str
    file_name: str  # from the folder of the split
    labels: tuple[str, ...]
    text: str
    reasoning: str

    @field_validator("id")
    @classmethod
    def _could_name_a_file(cls, found: str) -> str:
        if not SAFE_ID.fullmatch(found):
            raise ValueError
        return found

    @field_validator("file_name")
    @classmethod
    def _is_that_of_the_id(cls, found: str, info: ValidationInfo) -> str:
        if not re.fullmatch(rf"images/{re.escape(info.data.get('id', ''))}\.[A-Za-z0-9]+", found):
            raise ValueError
        return found


def parsed(line: bytes) -> MetadataLine:
    """The line.

    Raises:
        ValueError: it is another; the message names its fields that are wrong, and never what they hold.
    """
    try:
        return MetadataLine.model_validate_json(line)
    except ValidationError as error:
        fields = dict.fromkeys(str(fault["loc"][0]) for fault in error.errors(include_input=False) if fault["loc"])
        raise ValueError(", ".join(fields) or "no JSON object") from None
