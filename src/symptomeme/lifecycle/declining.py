"""A person's no to a version: logged, and kept by the gate until somebody names that version."""

from typing import Any

from mlflow.entities.model_registry import ModelVersion

from symptomeme.domain.errors import RegistryError
from symptomeme.domain.labels import Task
from symptomeme.domain.params import Params
from symptomeme.lifecycle.asked import version_of
from symptomeme.lifecycle.criteria import Criterion
from symptomeme.lifecycle.journal import Journal, held
from symptomeme.lifecycle.moves import CHAMPION, settle
from symptomeme.lifecycle.naming import model_name
from symptomeme.lifecycle.registry import Registry

DECLINED = "declined"


def decline(task: Task, params: Params, number: str, *, by: str | None) -> dict[str, Any]:
    """Log that a person does not want this version; no alias moves.

    Args:
        task: whose models.
        params: where they are registered.
        number: of the version.
        by: who says so; None: the user of this process.

    Returns:
        What `symptomeme decline --json` prints.

    Raises:
        RegistryError: there is no such version, or it is the champion.
    """
    registry, name = Registry(experiment=params.registration.experiment), model_name(params.registration, task.name)
    with held(name):
        journal = settle(registry, task.name, name)
        new, champion = str(version_of(registry, name, number).version), journal.known.get(CHAMPION)
        if new == champion:
            raise RegistryError(
                f"{name} {new} is the champion: 'symptomeme rollback --task {task.name}' takes it back."
            )
        reason = f"a person said no; --version {new} judges it anew"
        row = journal.write(DECLINED, came_from=champion, to=new, reason=reason, aliases=journal.known, by=by)
    return {"task": task.name, "name": name, "from": champion, "to": new, "by": row["by"], "reason": reason}


def not_declined(journal: Journal, candidate: ModelVersion) -> Criterion:
    """No person has said no to it since it was champion last, if it ever was; --version overrides that."""
    version = str(candidate.version)
    met = [row for row in journal.decisions if row["alias"] == CHAMPION and version in (row["from"], row["to"])]
    said = [row for row in met if row["kind"] not in ("refused", "dry_run", "undone")]
    no = said[-1] if said and said[-1]["kind"] == DECLINED and said[-1]["to"] == version else None
    told = f"{no['by']} said no to it; --version {version} judges it anew" if no else "nobody has said no to it"
    return Criterion(name="not_declined", passed=no is None, told=told)
