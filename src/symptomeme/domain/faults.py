"""From a YAML file to checked sections: all faults of a file are told at once, each with its key."""

import types
import typing
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from reprlib import Repr
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from symptomeme.domain.errors import ParamsError
from symptomeme.domain.section import Section

Place = tuple[int | str, ...]
Kind = TypeVar("Kind", bound=Section)

_FOUND = Repr()  # cuts what is long: a few aliases can stand for more than memory holds
_FOUND.maxstring = _FOUND.maxother = 120
UNKNOWN = "extra_forbidden"  # pydantic's word for a key that is not known
_ODD = (ValueError, LookupError, ArithmeticError, AttributeError, TypeError)
"""What PyYAML raises, of its own errors aside, where a value is not of the kind that its form or tag says."""


class _Loader(yaml.SafeLoader):
    """Notes keys that stand twice in a mapping, of which the last would win in silence."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.twice: list[str] = []

    def compose_mapping_node(self, anchor: Any) -> Any:
        node = super().compose_mapping_node(anchor)
        known = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in known:
                    self.twice.append(f"{seen(key.value)} (again in line {key.start_mark.line + 1})")
                known.add((key.tag, key.value))
        return node


def read_yaml(path: Path) -> object:
    """What a YAML file holds.

    Raises:
        FileNotFoundError: it is missing.
        ParamsError: it is no YAML, or a key stands twice in it.
    """
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        found: object = loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        raise ParamsError(f"{path}{_marked(error)}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        told = " ".join(str(error).split()).replace('in "<unicode string>",', "at")
        raise ParamsError(f"{path} is no YAML: {told}.") from None
    except RecursionError:
        raise ParamsError(f"{path} is no YAML that can be read: it is nested too deeply.") from None
    except _ODD as error:
        told = " ".join(str(error).split())[:160]
        raise ParamsError(f"{path} is no YAML that can be read: {type(error).__name__}, {told}.") from None
    if loader.twice:
        raise ParamsError(f"{path}: a key stands in it twice: {', '.join(loader.twice)}. Keep one of each.")
    return found


def checked(kind: type[Kind], found: object, *, where: str, remedy: str, more: Sequence[str] = ()) -> Kind:
    """A section out of what a YAML file held.

    Args:
        kind: of the section.
        found: in the file.
        where: the file.
        remedy: what to do about faults.
        more: faults that are known already.

    Raises:
        ParamsError: any key or value is wrong; the message names every fault.
    """
    wrong = list(more)
    try:
        section = kind.model_validate(found)
    except ValidationError as error:
        wrong = [*faults(error, kind), *more]
    if wrong:
        raise ParamsError(f"{where}: {'; '.join(wrong)}. {remedy}")
    return section


def faults(error: ValidationError, kind: type[Section], *above: str) -> list[str]:
    """Each fault of a section: its key, and what is wrong with it.

    Args:
        error: what pydantic found.
        kind: of the section.
        above: the keys under which the section stands.
    """
    found = error.errors(include_url=False, include_context=False)
    meant = {(*fault["loc"][:-1], _meant(kind, fault["loc"])) for fault in found if fault["type"] == UNKNOWN}
    return [
        _told(fault["type"], fault["loc"], fault["input"], fault["msg"], kind, above)
        for fault in found
        if fault["type"] != "missing" or fault["loc"] not in meant
    ]


def _told(kind: str, place: Place, found: object, message: str, section: type[Section], above: Place) -> str:
    key = seen(".".join(map(str, (*above, *place)))) or "the file"
    if kind == UNKNOWN:
        meant = _meant(section, place)
        return f"{key}: unknown key" + (f" (did you mean {meant}?)" if meant else "")
    if kind == "missing":
        return f"{key}: missing"
    hint = " (YAML takes 1e-5 for text: write 1.0e-5)" if kind == "float_type" and isinstance(found, str) else ""
    return f"{key}: {message[0].lower()}{message[1:]}, found {_FOUND.repr(found)}{hint}"


def _meant(section: type[Section], place: Place) -> str | None:
    """The known key that is nearest to an unknown one."""
    return next(iter(get_close_matches(str(place[-1]), _keys(section, place[:-1]), n=1)), None)


def _marked(error: yaml.MarkedYAMLError) -> str:
    """Where YAML came to its end, and why."""
    mark = error.problem_mark or error.context_mark
    told = ", ".join(" ".join(part.split()) for part in (error.context, error.problem) if part)
    return f"{f', line {mark.line + 1}, column {mark.column + 1}' if mark else ''}: no YAML, {told}"


def seen(key: str) -> str:
    """A key as a line can hold it."""
    return key if key.isprintable() else repr(key)


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
