"""No module is too long to read at once, and none imports itself by a detour."""

import ast
import graphlib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
LONGEST_FILE, LONGEST_FUNCTION = 300, 60  # lines
FOLDERS = ("src", "tests", "flows", "scripts", "benchmarks")


def too_long(source: str) -> list[str]:
    """What is over the limits in a module."""
    lines = source.count("\n")
    found = [f"{lines} lines"] if lines > LONGEST_FILE else []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            found += [f"{node.name}: {length} lines"] if length > LONGEST_FUNCTION else []
    return found


def test_files_and_functions_can_be_read_at_once() -> None:
    sources = {path: path.read_text(encoding="utf-8") for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")}
    assert {path.relative_to(ROOT): found for path, text in sources.items() if (found := too_long(text))} == {}


def test_too_long_is_over_the_limits() -> None:
    body = "def f():\n" + "    a\n" * 59
    assert too_long(body) == []
    assert too_long(f"{body}    a\n") == ["f: 61 lines"]
    assert too_long("a\n" * 301) == ["301 lines"]


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = grimp.build_graph("symptomeme", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    graphlib.TopologicalSorter(imports).prepare()  # raises CycleError
    assert "symptomeme.domain.errors" in imports["symptomeme.domain.params"]
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter({**imports, "symptomeme.domain.errors": {"symptomeme.domain.params"}}).prepare()
