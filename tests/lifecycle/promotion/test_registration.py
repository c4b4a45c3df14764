"""What registration makes champion when there is none any more: nothing that the gate or a person has said no to."""

from collections.abc import Callable
from typing import Any

import pytest
from promotion_project import NAME, SHUFFLED, TRAINED, UNTRAINED

from symptomeme.lifecycle.registry import Registry

Offer, Run = Callable[..., None], Callable[..., Any]
TASK = ("--task", "depression")


def aliases(registry: Registry) -> dict[str, str]:
    return registry.standing(NAME).aliases


@pytest.mark.parametrize(
    ("no", "told"),
    [
        (("promote", "--by", "Ada"), "the gate refused it (not met: macro_f1, class_f1, self_harm_recall)"),
        (("decline", SHUFFLED, "--by", "Ada"), "Ada declined it"),
    ],
)
def test_registration_makes_no_champion_of_what_was_refused(
    registry: Registry, offer: Offer, run: Run, caplog: pytest.LogCaptureFixture, no: tuple[str, ...], told: str
) -> None:
    offer(TRAINED, SHUFFLED)
    run(*no, *TASK)
    registry.client.delete_model_version(NAME, TRAINED)
    caplog.clear()
    offer(SHUFFLED)
    line = f"{NAME} 3 is not made champion: {told}. 'symptomeme promote --task depression --version 3' judges it anew."
    assert caplog.messages == [line]
    assert aliases(registry) == {"challenger": SHUFFLED}
    offer(UNTRAINED)  # nobody has said no to this one
    assert caplog.messages == [line]
    assert aliases(registry) == {"champion": UNTRAINED, "challenger": UNTRAINED}


def test_registration_makes_no_champion_of_what_was_rolled_back(
    registry: Registry, offer: Offer, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    offer(UNTRAINED, TRAINED)
    run("promote", *TASK)
    run("rollback", *TASK, "--by", "Ada")
    registry.client.delete_model_version(NAME, UNTRAINED)
    offer(SHUFFLED, TRAINED)
    assert (aliases(registry)["champion"], caplog.messages) == (SHUFFLED, [])
    registry.client.delete_model_version(NAME, SHUFFLED)
    offer(TRAINED)
    assert "champion" not in aliases(registry)
    assert [message.partition(". ")[0] for message in caplog.messages] == [
        f"{NAME} 2 is not made champion: Ada rolled it back"
    ]


def test_a_no_is_over_once_a_version_has_been_champion_again(
    registry: Registry, offer: Offer, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    offer(UNTRAINED, TRAINED)
    run("decline", TRAINED, *TASK)
    run("promote", *TASK, "--version", TRAINED, "--dry-run")
    assert run("promote", *TASK, "--version", TRAINED, "--json")["promoted"]
    registry.client.delete_registered_model_alias(NAME, "champion")
    offer(TRAINED)
    assert (aliases(registry)["champion"], caplog.messages) == (TRAINED, [])
