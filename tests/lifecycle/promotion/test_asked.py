"""Asked about a version that there is not, or about the champion itself: one line that says what there is."""

from collections.abc import Callable
from typing import Any

import pytest
from promotion_project import NAME, TRAINED, UNTRAINED
from readme import inline

from symptomeme.cli.main import main
from symptomeme.lifecycle.registry import Registry

Offer, Run = Callable[..., None], Callable[..., Any]
THERE = f"{NAME} has 1 (champion), 2 (challenger), 3. Name one of these; 'symptomeme models' tells more."


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("abc", f"abc: expected a number, @ALIAS, models:/NAME/NUMBER or models:/NAME@ALIAS. {THERE}"),
        (f"{NAME}/abc", f"{NAME}/abc: expected a number, @ALIAS, models:/NAME/NUMBER or models:/NAME@ALIAS. {THERE}"),
        ("77", f"{NAME} has no version 77 in PLACE. {THERE}"),
        ("@previous", f"{NAME} has no version @previous in PLACE. {THERE}"),
        (f"models:/{NAME}/77", f"{NAME} has no version 77 in PLACE. {THERE}"),
        ("other@champion", "other has no version @champion in PLACE. other has no version. 'dvc repro' trains and "
         "registers."),
    ],
)  # fmt: skip
def test_trace_tells_which_versions_there_are(
    registry: Registry, offer: Offer, capsys: pytest.CaptureFixture[str], words: str, told: str
) -> None:
    offer(UNTRAINED, TRAINED)
    capsys.readouterr()
    assert main(["trace", words]) == 1
    assert capsys.readouterr().err == f"symptomeme trace: {told.replace('PLACE', registry.place)}\n"


@pytest.mark.parametrize("words", ["2", "@challenger", f"{NAME}/2", f"models:/{NAME}@challenger"])
def test_trace_finds_a_version_however_it_is_named(offer: Offer, run: Run, words: str) -> None:
    offer(UNTRAINED, TRAINED)
    assert run("trace", words, "--json")["version"] == TRAINED


def test_trace_is_typed_as_the_readme_says(offer: Offer, run: Run) -> None:
    offer(UNTRAINED, TRAINED)
    command = inline("symptomeme trace VERSION --task TASK").replace("VERSION", TRAINED).replace("TASK", "depression")
    assert run(*command.split()[1:], "--json")["version"] == TRAINED


def test_promote_tells_it_too(registry: Registry, offer: Offer, capsys: pytest.CaptureFixture[str]) -> None:
    offer(UNTRAINED, TRAINED)
    capsys.readouterr()
    assert main(["promote", "--task", "depression", "--version", "77"]) == 1
    assert capsys.readouterr().err == f"symptomeme promote: {NAME} has no version 77 in {registry.place}. {THERE}\n"


@pytest.mark.parametrize("dry", [("--dry-run",), ()])
def test_of_what_is_champion_already_nothing_is_judged(offer: Offer, run: Run, dry: tuple[str, ...]) -> None:
    offer(UNTRAINED)
    told = run("promote", "--task", "depression", *dry)
    assert told == f"{NAME}: version {UNTRAINED} is the champion already: nothing is judged.\n"
