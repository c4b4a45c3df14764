"""What registration does to the aliases: a new model is only the challenger, unless there is nothing to challenge."""

import logging

from mlflow.entities.model_registry import ModelVersion

from symptomeme.lifecycle.candidate import DATA_KIND, TASK
from symptomeme.lifecycle.journal import Row, held
from symptomeme.lifecycle.moves import CHALLENGER, CHAMPION, move, settle
from symptomeme.lifecycle.registry import Registry

LOG = logging.getLogger(__name__)


def choose(registry: Registry, name: str, best: ModelVersion) -> tuple[str | None, bool]:
    """Make `best` the challenger, and the champion if there is none or only one of other, lesser data.

    A champion of the sample gives way to any model of real data; no model of the sample takes a real champion's place.
    What the gate or a person has said no to is not made champion, which is told in one line.

    Returns:
        The champion's version, None if there is none, and whether it changed.

    Raises:
        RegistryError: `best` is a baseline.
    """
    version = str(best.version)
    with held(name):
        journal = settle(registry, best.tags[TASK], name)
        champion = registry.by_alias(name, CHAMPION)
        old = None if champion is None else str(champion.version)
        challenged = registry.standing(name).aliases.get(CHALLENGER)
        lesser = champion is not None and only_sample(champion) and not only_sample(best)
        if champion is None or lesser:
            no = journal.refusal_of(version)
            if no is None:
                changes = {CHALLENGER: version, CHAMPION: version}
                reason = "the champion was trained on the sample" if lesser else "there was no champion"
                move(registry, journal, changes, kind="first", came_from=old, to=version, reason=reason)
                return best.version, True
            LOG.warning("%s", _told(name, best, no))
        if challenged != version:
            changes = {CHALLENGER: version}
            reason = "the best on validation of the variants that were registered last"
            about = {"alias": CHALLENGER, "came_from": challenged, "to": version, "reason": reason}
            move(registry, journal, changes, kind="registered", **about)
    return None if champion is None else champion.version, False


def only_sample(version: ModelVersion) -> bool:
    """Whether a version was trained on the drawn sample."""
    return bool(version.tags.get(DATA_KIND) == "sample")


def _told(name: str, version: ModelVersion, no: Row) -> str:
    """Why a version is not made champion, and what can be done."""
    by_whom = {
        "refused": f"the gate refused it ({no['reason']})",
        "declined": f"{no['by']} declined it",
        "rollback": f"{no['by']} rolled it back",
    }
    return (
        f"{name} {version.version} is not made champion: {by_whom[no['kind']]}. "
        f"'symptomeme promote --task {version.tags[TASK]} --version {version.version}' judges it anew."
    )
