"""Every command of README.md is run by some test, or by `make test` itself."""

import ast
import re
from pathlib import Path

import pytest
from readme import README, commands_under, inline_commands, sections

from symptomeme.domain.layout import data_docs, error_page, task_paths
from symptomeme.lifecycle.results import HEADINGS

ROOT = Path(__file__).parents[2]
TESTS = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("*.py"))}
CALLS = {
    path: {ast.unparse(node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)}
    for path, text in TESTS.items()
}
RUN_BY_ITSELF = "Tests"
"""The section whose one command is what runs these tests."""


def users_of(call: str) -> list[Path]:
    """Modules of tests whose code, not comments or strings, takes these commands from README.md."""
    return [path for path, calls in CALLS.items() if call in calls and path != Path(__file__)]


@pytest.mark.parametrize("heading", [heading for heading, commands in sections().items() if commands])
def test_the_commands_of_a_section_are_run(heading: str) -> None:
    if heading == RUN_BY_ITSELF:
        assert commands_under(heading) == ["make test"]
        assert re.search(r"^make test$", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    else:
        assert users_of(f"commands_under({heading!r})"), f"no test runs {commands_under(heading)}"


@pytest.mark.parametrize("command", inline_commands())
def test_a_command_in_a_sentence_is_run(command: str) -> None:
    in_a_block = any(command in commands for commands in sections().values())
    assert in_a_block or users_of(f"inline({command!r})"), f"no test runs {command}"


def test_its_scores_stand_under_the_headings_of_the_closing_table() -> None:
    head, _, *rows = re.findall(
        r"^\| (.+) \|$|^\|(---.*)$",
        README.read_text(encoding="utf-8").partition("\n## Scores\n")[2].partition("\n## ")[0],
        re.MULTILINE,
    )
    assert tuple(head[0].split(" | ")) == HEADINGS[:6]
    assert {tuple(row[0].split(" | "))[2] for row in rows} == {"test, published", "test, leak-free"}


def test_it_names_the_places_of_cards_plots_and_pages() -> None:
    told, variant = README.read_text(encoding="utf-8"), task_paths("TASK").variant("VARIANT")
    assert f"`{variant.model_card}`" in told
    assert f"`{variant.plots.name}/`" in told
    assert f"`{error_page('TASK', 'VARIANT')}`" in told
    assert f"`{data_docs('TASK')}/`" in told


def test_acceptance_is_run_as_a_whole_command() -> None:
    marked = [path for path in TESTS if path.parent.name == "acceptance" and path.name.startswith("test_")]
    assert [path.name for path in marked if "pytestmark = pytest.mark.acceptance" not in TESTS[path]] == []
    assert "\tpytest -m acceptance\n" in (ROOT / "Makefile").read_text()
