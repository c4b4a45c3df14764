"""Which keys of params.yaml code reads: attributes of names annotated with a section of
domain/params.py.

Handing a whole section on, or dumping it, is no use of its keys.
"""

import ast
import types
import typing
from collections.abc import Iterator
from typing import Any

from symptomeme.domain import params, published_params
from symptomeme.domain.params import Params
from symptomeme.domain.section import Section

SECTIONS = {
    name: found
    for module in (params, published_params)
    for name, found in vars(module).items()
    if isinstance(found, type) and issubclass(found, Section)
}
Read = tuple[type[Section], str]


def keys(section: type[Section] = Params, *above: str) -> Iterator[tuple[str, Read]]:
    """Every key that params.yaml may have, and where it is declared; NAME stands for a variant's."""
    for name, field in section.model_fields.items():
        path = (*above, field.alias or name)
        kind = _value_of(_without_none(field.annotation))
        if kind is not None:
            path, inner = (*path, "NAME"), kind
        else:
            inner = _without_none(field.annotation)
        if isinstance(inner, type) and issubclass(inner, Section):
            yield from keys(inner, *path)
        else:
            yield ".".join(path), (section, name)


def reads(source: str) -> set[Read]:
    """What a module reads."""
    walk = _Walk()
    walk.visit(ast.parse(source))
    return walk.found


def is_read(key: Read, found: set[Read]) -> bool:
    """Whether a key is among what is read, be it through a base class of its section."""
    section, name = key
    return any(name == attribute and issubclass(section, owner) for owner, attribute in found)


class _Walk(ast.NodeVisitor):
    def __init__(self) -> None:
        self.found: set[Read] = set()
        self.names: dict[str, Any] = {}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outer, self.names = self.names, dict(self.names)
        for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
            self.names[argument.arg] = _annotated(argument.annotation)
        self.generic_visit(node)
        self.names = outer

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        for target in node.targets:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=False))
            self.names |= {name.id: self.kind(value) for name, value in pairs if isinstance(name, ast.Name)}

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.generic_visit(node)
        owner = self.kind(node.value)
        if isinstance(owner, type) and issubclass(owner, Section) and node.attr in owner.model_fields:
            self.found.add((owner, node.attr))

    def kind(self, node: ast.expr) -> Any:
        """The section (or dict of sections) that an expression is; None: something else."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return Params if node.func.id in ("read_params", "check_params") else SECTIONS.get(node.func.id)
        if isinstance(node, ast.Subscript):
            return _value_of(self.kind(node.value))
        if isinstance(node, ast.Attribute):
            owner = self.kind(node.value)
            field = (
                owner.model_fields.get(node.attr) if isinstance(owner, type) and issubclass(owner, Section) else None
            )
            return _without_none(field.annotation) if field else None
        return None


def _annotated(node: ast.expr | None) -> Any:
    """The section an annotation names, alone or beside None."""
    names = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)] if node else []
    return next((SECTIONS[name] for name in names if name in SECTIONS), None)


def _without_none(kind: Any) -> Any:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return next(part for part in typing.get_args(kind) if part is not type(None))
    return kind


def _value_of(kind: Any) -> Any:
    """What a dict's values are."""
    return typing.get_args(kind)[1] if typing.get_origin(kind) is dict else None
