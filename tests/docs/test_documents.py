"""The documents name what there is: stages, params, commands, files."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from symptomeme.cli.main import parser

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PARAMS = yaml.safe_load((ROOT / "profiles/sample.yaml").read_text())


def leaves(value: object, prefix: str = "") -> list[str]:
    if isinstance(value, dict) and value:
        return [leaf for key, inner in value.items() for leaf in leaves(inner, f"{prefix}{key}.")]
    return [prefix.rstrip(".")]


def test_every_stage_is_documented() -> None:
    text = (ROOT / "docs/pipeline.md").read_text()
    assert [
        stage for stage in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"] if f"`{stage}`" not in text
    ] == []


def test_every_params_key_is_documented() -> None:
    text = (ROOT / "docs/params.md").read_text()
    assert [leaf for leaf in leaves(PARAMS) if f"`{leaf}`" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text())]
    assert [link for link in links if link and "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_are_of_the_command_line(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = re.sub(r"\\\n\s*", " ", page.read_text())
    lines = re.findall(r"^\s*(?:\$ )?symptomeme ([a-z].*)$", text, re.MULTILINE)
    for line in lines:
        words = shlex.split(re.sub(r"\s+#.*", "", line.replace("…", "")))
        try:
            parser().parse_args(words)
        except SystemExit:
            pytest.fail(f"symptomeme {line}: {capsys.readouterr().err}")
