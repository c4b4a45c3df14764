"""The commands that README.md shows. What runs them takes them from there, so that neither can change alone."""

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
PROGRAMS = {"bentoml", "curl", "dvc", "git", "mlflow", "pip", "prefect", "python", "rm"}


def sections() -> dict[str, list[str]]:
    """The commands in the console blocks under each heading, in their order; none where there is no block."""
    parts = re.split(r"^## (.+)$", README.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        heading: [
            command
            for block in re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
            for command in re.findall(r"^\$ (.+)$", re.sub(r"\\\n", " ", block), re.MULTILINE)
        ]
        for heading, text in zip(["", *parts[1::2]], parts[::2], strict=True)
    }


def commands_under(heading: str) -> list[str]:
    """The commands of one section."""
    return sections()[heading]


def inline_commands() -> list[str]:
    """Commands within sentences, where a line may break too: a known program with words after it."""
    programs = PROGRAMS | {command.split()[0] for commands in sections().values() for command in commands}
    prose = re.sub(r"^```.*?^```$", "", README.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    pieces = [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]
    return [code for code in pieces if " " in code and code.split()[0] in programs]


def inline(command: str) -> str:
    """A command within a sentence, which must stand there."""
    assert command in inline_commands(), f"README.md does not say `{command}`"
    return command
