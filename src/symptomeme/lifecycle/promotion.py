"""What registration does to the aliases: a new model is only the challenger, unless there is nothing to challenge."""

from mlflow.entities.model_registry import ModelVersion

from symptomeme.lifecycle.candidate import DATA_KIND, TASK
from symptomeme.lifecycle.journal import held
from symptomeme.lifecycle.moves import CHALLENGER, CHAMPION, move, settle
from symptomeme.lifecycle.registry import Registry


def choose(registry: Registry, name: str, best: ModelVersion) -> tuple[str, bool]:
    """Make `best` the challenger, and the champion if there is none or only one of other, lesser data.

    A champion of the sample gives way to any model of real data; no model of the sample takes a real champion's place.

    Returns:
        The champion's version, and whether it changed.

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
            reason = "the champion was trained on the sample" if lesser else "there was no champion"
            move(
                registry,
                journal,
                {CHALLENGER: version, CHAMPION: version},
                kind="first",
                came_from=old,
                to=version,
                reason=reason,
            )
            return best.version, True
        if challenged != version:
            move(
                registry,
                journal,
                {CHALLENGER: version},
                kind="registered",
                alias=CHALLENGER,
                came_from=challenged,
                to=version,
                reason="the best on validation of the variants that were registered last",
            )
    return champion.version, False


def only_sample(version: ModelVersion) -> bool:
    """Whether a version was trained on the drawn sample."""
    return bool(version.tags.get(DATA_KIND) == "sample")
