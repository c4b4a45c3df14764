"""The gate, with real models in a real registry."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from promotion_project import NAME, SHUFFLED, TRAINED, UNTRAINED, memes, register, write_today
from readme import inline

from symptomeme.cli.main import main
from symptomeme.data.wording import normalise
from symptomeme.domain.digests import of_text
from symptomeme.domain.layout import PROMOTIONS
from symptomeme.domain.writing import read_log
from symptomeme.lifecycle import trial
from symptomeme.lifecycle.registry import Registry

PROMOTE = ("promote", "--task", "depression", "--json")
Offer, Run = Callable[..., None], Callable[..., Any]


def aliases(registry: Registry) -> dict[str, str]:
    return registry.standing(NAME).aliases


def kinds() -> list[tuple[str, str | None, str | None]]:
    return [(row["kind"], row["from"], row["to"]) for row in read_log(PROMOTIONS)[0] if row["kind"] != "intent"]


def unmet(found: dict[str, Any]) -> list[str]:
    return [criterion["name"] for criterion in found["criteria"] if not criterion["passed"]]


def change_params(**changes: Any) -> None:
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["promote"] |= changes
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))


def test_a_better_model_is_promoted_and_the_log_tells_why(registry: Registry, offer: Offer, run: Run) -> None:
    offer(UNTRAINED, TRAINED)
    found = run(*PROMOTE)
    assert list(found) == [
        "task",
        "name",
        "promoted",
        "dry_run",
        "from",
        "to",
        "reason",
        "criteria",
        "looks",
        "package",
    ]
    assert (found["promoted"], found["from"], found["to"], found["looks"]) == (True, UNTRAINED, TRAINED, 1)
    assert [criterion["name"] for criterion in found["criteria"]] == [
        *("digests", "data_kind", "model_card", "not_rolled_back", "not_declined", "test_memes"),
        *("macro_f1", "class_f1", "calibration", "self_harm_recall"),
    ]
    gain = found["criteria"][6]
    assert 0 < gain["low"] <= gain["figure"] <= gain["high"]
    assert aliases(registry) == {"champion": TRAINED, "challenger": TRAINED, "previous": UNTRAINED}
    again = run(*PROMOTE)
    assert (again["promoted"], again["reason"]) == (
        False,
        f"version {TRAINED} is the champion already: nothing is judged",
    )
    log = read_log(PROMOTIONS)[0][-1]
    assert (log["kind"], log["criteria"], log["looks"]) == ("gate", found["criteria"], 1)
    told = run("promotions")
    assert f"depression gate: champion {UNTRAINED} -> {TRAINED}, by " in told
    assert "    met     macro_f1: macro-F1 +" in told


def test_a_worse_model_is_refused_by_name_and_looks_are_counted(registry: Registry, offer: Offer, run: Run) -> None:
    offer(TRAINED, SHUFFLED)
    before = aliases(registry)
    dry = run(*PROMOTE, "--dry-run")
    found = run(*PROMOTE)
    assert (dry["looks"], found["looks"]) == (1, 2)
    assert [row["figure"] for row in dry["criteria"]] == [row["figure"] for row in found["criteria"]]
    assert {"macro_f1", "class_f1", "self_harm_recall"} <= set(unmet(found))
    assert found["reason"] == f"not met: {', '.join(unmet(found))}"
    assert aliases(registry) == before
    assert kinds()[-2:] == [("dry_run", TRAINED, SHUFFLED), ("refused", TRAINED, SHUFFLED)]
    write_today(memes(Path.cwd()).iloc[:-1])
    assert run(*PROMOTE)["looks"] == 1  # other memes


def test_rollback_restores_and_what_was_rolled_back_comes_again_only_by_name(
    registry: Registry, offer: Offer, run: Run
) -> None:
    offer(UNTRAINED, TRAINED)
    run(*PROMOTE)
    command = inline("symptomeme rollback --task TASK").replace("TASK", "depression")
    found = run(*command.split()[1:], "--json", "--by", "Ada")
    assert (found["from"], found["to"]) == (TRAINED, UNTRAINED)
    assert aliases(registry) == {"champion": UNTRAINED, "challenger": TRAINED, "previous": TRAINED}
    refused = run(*PROMOTE)
    assert unmet(refused) == ["not_rolled_back"]
    assert refused["looks"] == 1  # not looked at again
    assert run(*PROMOTE, "--version", TRAINED)["promoted"]
    assert [row["by"] for row in read_log(PROMOTIONS)[0] if row["kind"] == "rollback"] == ["Ada"]
    assert [kind for kind, *_ in kinds()] == ["first", "registered", "gate", "rollback", "refused", "gate"]


def test_what_a_person_said_no_to_comes_again_only_by_name(
    registry: Registry, offer: Offer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    decline = ("decline", TRAINED, "--task", "depression", "--by", "Ada")
    offer(UNTRAINED, TRAINED)
    before = aliases(registry)
    told = f"{NAME} {TRAINED} is not to be promoted, by Ada: a person said no; --version {TRAINED} judges it anew.\n"
    assert run(*decline) == told
    assert (aliases(registry), kinds()[-1]) == (before, ("declined", UNTRAINED, TRAINED))
    refused = run(*PROMOTE)
    assert (unmet(refused), refused["looks"]) == (["not_declined"], 0)
    offer(SHUFFLED, TRAINED)  # another no, and being challenger again, are no yes
    run("decline", SHUFFLED, "--task", "depression")
    assert unmet(run(*PROMOTE)) == ["not_declined"]
    assert run(*PROMOTE, "--version", TRAINED)["promoted"]
    assert main(list(decline)) == 1
    assert capsys.readouterr().err == (
        f"symptomeme decline: {NAME} {TRAINED} is the champion: "
        "'symptomeme rollback --task depression' takes it back.\n"
    )
    run("rollback", "--task", "depression")
    assert unmet(run(*PROMOTE)) == ["not_rolled_back"]


@pytest.mark.parametrize("trace", ["key", "sha256", "text_sha256", "cluster"])
def test_memes_that_a_model_has_met_are_left_out(tmp_path: Path, trace: str) -> None:
    table = memes(tmp_path)
    test = table[table.split == "test"].head(5)
    met = pd.DataFrame({name: ["-"] * 5 for name in ("key", "sha256", "text_sha256", "cluster")})
    met[trace] = [of_text(normalise(text)) for text in test.text] if trace == "text_sha256" else test[trace].tolist()
    contender = trial.Contender(version=None, predictor=None, size=0, met=met)  # type: ignore[arg-type]
    left = trial.unmet(table, [contender])
    assert set(left.key) == set(table.key[table.split == "test"]) - set(test.key)


def test_too_few_memes_are_not_looked_at(offer: Offer, run: Run) -> None:
    change_params(min_memes=43)
    offer(UNTRAINED, TRAINED)
    found = run(*PROMOTE)
    assert (unmet(found), found["looks"]) == (["test_memes"], 0)
    assert found["criteria"][-1]["told"] == "42 of 42 test memes are new to both models, 43 are needed"


@pytest.mark.parametrize("bounds", [{"min_self_harm_recall": 1.0}, {"max_calibration_error": 0.0}])
def test_a_better_model_is_refused_over_one_bound(offer: Offer, run: Run, bounds: dict[str, float]) -> None:
    change_params(**bounds)
    offer(UNTRAINED, SHUFFLED)
    expected = "self_harm_recall" if "min_self_harm_recall" in bounds else "calibration"
    assert expected in unmet(run(*PROMOTE))


def test_a_damaged_model_is_refused_and_one_without_card_too(
    template: Path, tmp_path: Path, registry: Registry, offer: Offer, run: Run
) -> None:
    shutil.copytree(template / "trained", tmp_path / "other")
    (tmp_path / "other/model/note.txt").write_text("other files, so another digest")
    shutil.copy(template / "training_memes.parquet", tmp_path)
    version = register(registry, tmp_path, "other")
    offer(UNTRAINED, version)
    assert unmet(run(*PROMOTE)) == ["model_card"]
    folder, _ = registry.fetch(f"models:/{NAME}/{version}")
    (folder / "note.txt").write_text("damaged")
    found = run(*PROMOTE)
    assert unmet(found) == ["digests", "model_card"]
    assert "note.txt has changed since it was registered" in found["criteria"][0]["told"]
    shutil.rmtree(folder.parents[1])
    assert "its files are gone" in run(*PROMOTE)["criteria"][0]["told"]


def test_a_champion_of_the_sample_is_no_measure_for_real_data(
    template: Path, registry: Registry, offer: Offer, run: Run
) -> None:
    sample = register(registry, template, "trained", data="sample")
    offer(SHUFFLED, sample)
    found = run(*PROMOTE)
    assert unmet(found) == ["data_kind"]
    registry.point(NAME, "champion", sample)
    change_params(min_self_harm_recall=0.0, max_calibration_error=1.0)
    found = run(*PROMOTE, "--version", UNTRAINED)
    assert found["promoted"]
    assert "macro_f1" not in [criterion["name"] for criterion in found["criteria"]]


def test_models_are_listed(offer: Offer, run: Run) -> None:
    offer(UNTRAINED, TRAINED)
    rows = run("models", "--json")
    assert [(row["version"], row["aliases"]) for row in rows] == [
        (SHUFFLED, []),
        (TRAINED, ["challenger"]),
        (UNTRAINED, ["champion"]),
    ]
    lines = run(*inline("symptomeme models").split()[1:]).splitlines()
    assert lines[0].split()[:3] == ["task", "version", "variant"]
    assert len(lines) == 5
    assert json.dumps(rows[0]["registered"])[1:4] == "202"
