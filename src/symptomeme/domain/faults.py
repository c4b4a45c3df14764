"""From a YAML file to checked sections: all faults of a file are told at once, each with its key."""

import types
import typing
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from symptomeme.domain.errors import ParamsError
from symptomeme.domain.section import Section

Place = tuple[int | str, ...]
Kind = TypeVar("Kind", bound=Section)


def read_yaml(path: Path) -> object:
    """What a YAML file holds.

    Raises:
        FileNotFoundError: it is missing.
        ParamsError: it is no YAML.
    """
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParamsError(f"{path} is no YAML: {' '.join(str(error).split())}.") from None


def checked(kind: type[Kind], found: object, *, where: str, remedy: str) -> Kind:
    """A section out of what a YAML file held.

    Raises:
        ParamsError: any key or value is wrong; the message names every fault.
    """
    try:
        return kind.model_validate(found)
    except ValidationError as error:
        raise ParamsError(f"{where}: {'; '.join(faults(error, kind))}. {remedy}") from None


def faults(error: ValidationError, kind: type[Section], *above: str) -> list[str]:
    """Each fault of a section: its key, and what is wrong with it.

    Args:
        error: what pydantic found.
        kind: of the section.
        above: the keys under which the section stands.
    """
    return [
        _told(fault["type"], fault["loc"], fault["input"], fault["msg"], kind, above)
        for fault in error.errors(include_url=False, include_context=False)
    ]


def _told(kind: str, place: Place, found: object, message: str, section: type[Section], above: Place) -> str:
    key = ".".join(map(str, (*above, *place))) or "the file"
    if kind == "extra_forbidden":
        near = get_close_matches(str(place[-1]), _keys(section, place[:-1]), n=1)
        return f"{key}: unknown key" + (f", did you mean {near[0]}?" if near else "")
    if kind == "missing":
        return f"{key}: missing"
    hint = " (YAML takes 1e-5 for text: write 1.0e-5)" if kind == "float_type" and isinstance(found, str) else ""
    return f"{key}: {message[0].lower()}{message[1:]}, found {found!r}{hint}"


def _keys(section: Any, place: Place) -> list[str]:
    """The keys that may stand at a place in a section."""
    for key in place:
        if typing.get_origin(section) is dict:
            section = typing.get_args(section)[1]
        else:
            section = {field.alias or name: field.annotation for name, field in section.model_fields.items()}[str(key)]
        if typing.get_origin(section) in (typing.Union, types.UnionType):
            section = typing.get_args(section)[0]
    is_section = isinstance(section, type) and issubclass(section, Section)
    return [field.alias or name for name, field in section.model_fields.items()] if is_section else []
