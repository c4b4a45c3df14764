"""The fields of a form that are text."""

import json

from starlette.datastructures import FormData, UploadFile

from symptomeme.serving.door.codes import Code, Refusal


def words_in(found: FormData, field: str) -> list[str]:
    """All values of a field that is text.

    Raises:
        Refusal: one is a file, or no Unicode text.
    """
    values = found.getlist(field)
    for value in values:
        if isinstance(value, UploadFile):
            raise Refusal(Code.BAD_FORM, f"{field}: expected text, not a file.")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Refusal(Code.BAD_FIELD, f"{field}: it is no Unicode text.") from None
    return [value for value in values if isinstance(value, str)]


def string_in(told: str) -> str:
    """The string that is written as JSON; what is none stays as it is."""
    try:
        found = json.loads(told)
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, str) else told


def names_in(told: str) -> list[str]:
    """Names with commas between, or a JSON list of them."""
    if told.lstrip().startswith("["):
        try:
            names = json.loads(told)
        except (ValueError, RecursionError):
            names = None
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            return names
    return [name.strip() for name in told.split(",")]
