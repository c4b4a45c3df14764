"""The gate: whether a challenger becomes champion, by the rule in docs/promotion.md; and the way back."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from mlflow.entities.model_registry import ModelVersion

from symptomeme.domain.errors import RegistryError, UnconfirmedError
from symptomeme.domain.labels import Task
from symptomeme.domain.params import Params
from symptomeme.lifecycle.asked import version_of
from symptomeme.lifecycle.criteria import Criterion, compared, of_itself
from symptomeme.lifecycle.declining import not_declined
from symptomeme.lifecycle.journal import Journal, held
from symptomeme.lifecycle.moves import CHALLENGER, CHAMPION, PREVIOUS, move, settle
from symptomeme.lifecycle.naming import model_name
from symptomeme.lifecycle.promotion import only_sample
from symptomeme.lifecycle.registry import Registry
from symptomeme.lifecycle.trial import Contender, compete, digest_of_test, enter, read_today, unmet

CARD = "evaluation/MODEL_CARD.md"


class Judgement(NamedTuple):
    """What the gate found: criteria in the order in which they were judged, and the looks at the test memes."""

    criteria: list[Criterion]
    looks: int
    test_memes: str | None  # their digest; None: they were not looked at

    @property
    def failed(self) -> list[str]:
        """Names of the criteria that are not met."""
        return [criterion.name for criterion in self.criteria if not criterion.passed]


def promote(
    task: Task, params: Params, *, dry_run: bool, number: str | None, expected: str | None, by: str | None
) -> dict[str, Any]:
    """Judge the challenger, and make it champion if it meets every criterion.

    Args:
        task: whose models.
        params: the gate's bounds.
        dry_run: only judge; the look at the test memes is logged all the same.
        number: a version to judge in place of the challenger.
        expected: the version that somebody has agreed to; nothing is judged when another one is challenger.
        by: who wants it; None: the user of this process.

    Returns:
        What `symptomeme promote --json` prints.

    Raises:
        RegistryError: there is no such version, the champion cannot be loaded, or it was moved meanwhile.
        InputError: today's memes are not there.
    """
    registry, name = Registry(experiment=params.registration.experiment), model_name(params.registration, task.name)
    with held(name):
        journal = settle(registry, task.name, name)
    candidate = version_of(registry, name, number or f"@{CHALLENGER}")
    champion = registry.by_alias(name, CHAMPION)
    old, new = None if champion is None else str(champion.version), str(candidate.version)
    told = {"task": task.name, "name": name, "promoted": False, "dry_run": dry_run, "from": old, "to": new}
    if expected not in (None, new):
        reason = f"the challenger is version {new} now, not {expected}: nothing was judged"
        return {**told, "reason": reason, "criteria": [], "looks": 0}
    if old == new:
        reason = f"version {new} is the champion already: nothing is judged"
        return {**told, "reason": reason, "criteria": [], "looks": 0}
    registry.check_kind(name, CHAMPION, new)
    judgement = judge(registry, journal, task, params, candidate, champion, asked_for=number is not None)
    criteria = [criterion.row() for criterion in judgement.criteria]
    reason = f"not met: {', '.join(judgement.failed)}" if judgement.failed else "all criteria are met"
    decision: dict[str, Any] = {
        "came_from": old,
        "to": new,
        "reason": reason,
        "by": by,
        "criteria": criteria,
        "looks": judgement.looks,
        "test_memes": judgement.test_memes,
    }
    promoted = not judgement.failed and not dry_run
    with held(name):
        journal = settle(registry, task.name, name)
        if journal.known.get(CHAMPION) != old:
            raise RegistryError(f"{name}: the champion was changed while version {new} was judged. Run it again.")
        if promoted:
            changes = {CHAMPION: new} if old is None else {PREVIOUS: old, CHAMPION: new}
            move(registry, journal, changes, kind="gate", **decision)
        else:
            journal.write("dry_run" if dry_run else "refused", aliases=journal.known, **decision)
    return {**told, "promoted": promoted, "reason": reason, "criteria": criteria, "looks": judgement.looks}


def judge(
    registry: Registry,
    journal: Journal,
    task: Task,
    params: Params,
    candidate: ModelVersion,
    champion: ModelVersion | None,
    *,
    asked_for: bool,
) -> Judgement:
    """All criteria; the test memes are looked at only if the candidate meets those that need none.

    Raises:
        RegistryError: the champion cannot be loaded.
    """
    criteria = [kind_of_data(candidate, champion), card(registry, candidate)]
    if not asked_for:
        criteria += [not_rolled_back(journal, candidate), not_declined(journal, candidate)]
    try:
        challenger = enter(registry, candidate, task)
        criteria.insert(0, Criterion(name="digests", passed=True, told="its files are those that were registered"))
    except UnconfirmedError as error:
        criteria.insert(0, Criterion(name="digests", passed=False, told=str(error)))
        return Judgement(criteria, 0, None)
    rivals = [enter(registry, champion, task)] if champion and not _gives_way(champion, candidate) else []
    memes = read_today(task)
    digest, test = digest_of_test(memes), unmet(memes, [challenger, *rivals])
    looked = journal.looks(digest)
    criteria.append(enough_memes(len(test), int((memes.split == "test").sum()), params.promote.min_memes))
    if not all(criterion.passed for criterion in criteria):
        return Judgement(criteria, looked, None)
    results = compete([challenger, *rivals], test, task)
    if rivals:
        pair: list[tuple[Contender, Any]] = list(zip([challenger, *rivals], results, strict=True))
        criteria += compared(pair[0], pair[1], task, params.promote, seed=params.base.seed)
    criteria += of_itself(results[0], task, params.promote, bins=params.evaluate.calibration_bins)
    return Judgement(criteria, looked + 1, digest)


def enough_memes(new: int, all_of_them: int, needed: int) -> Criterion:
    """There are enough test memes that no contender has met."""
    told = f"{new} of {all_of_them} test memes are new to both models, {needed} are needed"
    return Criterion(name="test_memes", passed=new >= needed, figure=new, bound=needed, told=told)


def kind_of_data(candidate: ModelVersion, champion: ModelVersion | None) -> Criterion:
    """A model of the sample takes no other champion's place."""
    lesser = champion is not None and only_sample(candidate) and not only_sample(champion)
    told = (
        "it was trained on the sample, the champion was not" if lesser else "its data are no lesser than the champion's"
    )
    return Criterion(name="data_kind", passed=not lesser, told=told)


def card(registry: Registry, candidate: ModelVersion) -> Criterion:
    """Its model card was registered with it."""
    with TemporaryDirectory(prefix="symptomeme-promote-") as scratch:
        found = registry.logged(candidate, CARD, into=Path(scratch))
        there = found is not None and bool(found.read_text(encoding="utf-8").strip())
    return Criterion(name="model_card", passed=there, told=f"{CARD} is {'there' if there else 'missing or empty'}")


def not_rolled_back(journal: Journal, candidate: ModelVersion) -> Criterion:
    """Nobody has taken it back after it was champion; --version overrides that."""
    back = journal.was_rolled_back(str(candidate.version))
    told = (
        f"it was champion and rolled back; --version {candidate.version} judges it anew" if back else "never taken back"
    )
    return Criterion(name="not_rolled_back", passed=not back, told=told)


def rollback(task: Task, params: Params, *, by: str | None) -> dict[str, Any]:
    """Make the previous champion champion again; the one of now becomes `previous`.

    Returns:
        What `symptomeme rollback --json` prints.

    Raises:
        RegistryError: there is no previous champion, or its files are not those that were registered.
    """
    registry, name = Registry(experiment=params.registration.experiment), model_name(params.registration, task.name)
    with held(name):
        journal = settle(registry, task.name, name)
        old, new = journal.known.get(CHAMPION), journal.known.get(PREVIOUS)
        if new is None or new == old:
            raise RegistryError(
                f"{name} has no previous champion to go back to. Give a version the alias {CHAMPION} in MLflow, "
                f"or 'symptomeme promote --task {task.name} --version N'."
            )
        registry.fetch(f"models:/{name}/{new}")
        reason = "asked for" if old is not None else "asked for; there was no champion"
        changes = {CHAMPION: new} if old is None else {PREVIOUS: old, CHAMPION: new}
        move(registry, journal, changes, kind="rollback", came_from=old, to=new, reason=reason, by=by)
    return {"task": task.name, "name": name, "from": old, "to": new, "reason": reason}


def _gives_way(champion: ModelVersion, candidate: ModelVersion) -> bool:
    """Whether the champion is one of the sample, which is no measure for a model of real data."""
    return only_sample(champion) and not only_sample(candidate)
