"""What is asked of a model, and what of its answers is taken."""

import re

import pytest
import yaml
from small_project import ROOT

from symptomeme.domain.labels import TASKS
from symptomeme.sample.reasoning import ACCOUNTS
from symptomeme.text.reasoning import parts, question, understood

CAUSE, FIGURE, STATE = "The alarm rings at noon.", "Noon stands for the morning: all is late.", "Tired and ashamed."
WHOLE = f"1. Cause-Effect: {CAUSE} 2. Figurative Understanding: {FIGURE} 3. Mental State: {STATE}"


def test_the_question_holds_the_words_and_asks_for_three_numbered_parts() -> None:
    asked = question(" all {of} it ")
    assert "The words in it: all {of} it\n" in asked
    assert re.findall(r"^\d\. ([\w -]+):", asked, re.MULTILINE) == [
        "Cause-Effect", "Figurative Understanding", "Mental State"
    ]  # fmt: skip
    assert "The words in it: none\n" in question(" ")


@pytest.mark.parametrize(
    "answer",
    [
        WHOLE,
        f"Sure!\n\n{WHOLE}",
        f"1. **Cause-Effect:** {CAUSE}\n2. **Figurative Understanding**: {FIGURE}\n3. **Mental State:** {STATE}",
        f"### Cause and Effect\n{CAUSE}\n\n### Figurative Understanding\n{FIGURE}\n\n### Mental State\n{STATE}",
        f"(1) cause-effect - {CAUSE} (2) figurative understanding - {FIGURE} (3) mental state - {STATE}",
        f"Cause-Effect: {CAUSE} Figurative Understanding: {FIGURE} Mental State: {STATE}",
        f"{WHOLE}\n1. Cause-Effect: and once more from the beginning",
    ],
    ids=["published", "greeting", "bold", "headings", "brackets", "one line", "twice"],
)
def test_however_the_parts_are_marked_the_reasoning_has_the_published_form(answer: str) -> None:
    found = understood(answer)
    assert found == (WHOLE, None, None)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("", "no part Cause-Effect"),
        ("a man with an umbrella", "no part Cause-Effect"),
        (WHOLE.replace("3. Mental State:", "He says that his mental state:"), "no part Mental State"),
        (f"2. Figurative Understanding: {FIGURE} 1. Cause-Effect: {CAUSE}", "no part Figurative Understanding"),
        (WHOLE[: WHOLE.index("Noon stands")], "part Figurative Understanding is empty"),
        (WHOLE.replace(STATE, "tired so tired " * 12), "part Mental State repeats itself"),
        (question("words"), "part Cause-Effect is the question's"),
        ("\N{COMBINING DIAERESIS}\x00\ud7ff" * 9, "no part Cause-Effect"),
    ],
)
def test_an_answer_that_is_not_usable_is_kept_with_its_fault(answer: str, fault: str) -> None:
    assert understood(answer) == ("", answer, fault)


def test_who_can_be_reached_is_masked_in_both() -> None:
    assert understood(WHOLE.replace("Tired", "@some_one is tired")).reasoning.endswith(
        "3. Mental State: @user is tired and ashamed."
    )
    assert understood("@some_one is tired").answer == "@user is tired"


@pytest.mark.parametrize("task", TASKS)
def test_the_samples_reasoning_has_the_form_that_is_asked_for(task: str) -> None:
    for account in ACCOUNTS[task]:
        given = (account.causes[0], account.figures[0], account.states[0])
        whole = "1. Cause-Effect: {} 2. Figurative Understanding: {} 3. Mental State: {}".format(*given)
        assert tuple(parts(whole).values()) == given


def test_every_profile_names_a_model_folder_that_is_there_where_nothing_is_generated() -> None:
    for profile in (ROOT / "profiles").glob("*.yaml"):
        reason = yaml.safe_load(profile.read_text())["reason"]
        assert reason["source"] != "generate"
        assert (ROOT / reason["model"]).is_dir(), profile.name
