"""Moving aliases so that there is a champion at every moment, and making good what happened in between."""

from collections.abc import Mapping
from typing import Any

from symptomeme.lifecycle.journal import INTENT, Journal, Row, now
from symptomeme.lifecycle.registry import Registry

CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
ORDER = (PREVIOUS, CHALLENGER, CHAMPION)
"""In which aliases are moved: what was served is kept before something else is."""

NOT_OURS = "unknown"
"""Who moved an alias that no command of this project has moved."""


def settle(registry: Registry, task: str, name: str) -> Journal:
    """Read the log, end a move that was interrupted, and log what was moved by hand. Call it while `held`.

    Raises:
        RegistryError: MLflow cannot be reached.
    """
    journal = Journal(task, name, created=registry.standing(name).created)
    if journal.pending is not None:
        _end(registry, journal, journal.pending)
    _notice(registry, journal)
    return journal


def move(registry: Registry, journal: Journal, changes: Mapping[str, str], *, kind: str, **told: Any) -> Row:
    """Point aliases to other versions, and log it: the intent before, the decision after. Call it while `held`.

    No alias is taken away and each is moved in one transaction, so that there is a champion if there was one before.

    Args:
        registry: where.
        journal: as `settle` gives it.
        changes: alias: version.
        kind: of the decision.
        told: what `Journal.write` takes of it.

    Returns:
        The row of the decision.

    Raises:
        RegistryError: a version may not have an alias: nothing has happened. Or MLflow cannot be reached: the next
            command goes on from there.
    """
    for alias, version in changes.items():
        registry.check_kind(journal.name, alias, version)
    before = registry.standing(journal.name).aliases
    intent = journal.write(INTENT, aliases=before, after={**before, **changes}, decided=kind, **told)
    return _carry_out(registry, journal, intent, reason=intent["reason"])


def _carry_out(registry: Registry, journal: Journal, intent: Row, *, reason: str) -> Row:
    """Do what an intent says as far as it has not been done."""
    _point(registry, journal.name, intent["after"])
    decision = {key: value for key, value in intent.items() if key not in ("after", "decided")}
    return journal.append(
        {**decision, "at": now(), "kind": intent["decided"], "reason": reason, "aliases": intent["after"]}
    )


def _end(registry: Registry, journal: Journal, intent: Row) -> None:
    """Complete an interrupted move, or undo it if what it would serve is gone; leave what was moved by hand since."""
    before, after = intent["aliases"], intent["after"]
    found = registry.standing(journal.name).aliases
    there = {str(version.version) for version in registry.versions(journal.name)}
    ours = all(found.get(alias) in (before.get(alias), after.get(alias), None) for alias in ORDER)
    if ours and there.issuperset(after.values()):
        _carry_out(registry, journal, intent, reason=f"{intent['reason']} (interrupted; completed by the next command)")
        return
    if ours:
        _point(registry, journal.name, {alias: version for alias, version in before.items() if version in there})
        reason = f"the {intent['decided']} to version {intent['to']} was interrupted, and a version is gone: undone"
    else:
        reason = f"the {intent['decided']} to version {intent['to']} was interrupted and aliases moved since: given up"
    journal.write(
        "undone",
        came_from=intent["from"],
        to=intent["from"],
        reason=reason,
        aliases=registry.standing(journal.name).aliases if ours else before,
    )


def _notice(registry: Registry, journal: Journal) -> None:
    """Log every alias that does not point to where the log says."""
    found, known = registry.standing(journal.name).aliases, journal.known
    what = "moved" if journal.decisions else "found"
    for alias in ORDER:
        if found.get(alias) == known.get(alias):
            continue
        came_from, to = known.pop(alias, None), found.get(alias)
        if to is not None:
            known[alias] = to
        reason = f"{what} outside of this log: by hand in MLflow, or by another project folder"
        gone = f"{alias} points nowhere: the alias or its version was deleted by hand"
        told = gone if to is None else reason
        journal.write("manual", alias=alias, came_from=came_from, to=to, reason=told, aliases=known, by=NOT_OURS)


def _point(registry: Registry, name: str, wanted: Mapping[str, str]) -> None:
    found = registry.standing(name).aliases
    for alias in ORDER:
        if alias in wanted and found.get(alias) != wanted[alias]:
            registry.point(name, alias, wanted[alias])
