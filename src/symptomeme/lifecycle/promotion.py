"""Which version of a registered model is served: aliases, and who gets them."""

from mlflow.entities.model_registry import ModelVersion

from symptomeme.lifecycle.candidate import DATA_KIND
from symptomeme.lifecycle.registry import Registry

CHAMPION, CHALLENGER = "champion", "challenger"


def choose(registry: Registry, name: str, best: ModelVersion) -> tuple[str, bool]:
    """Make `best` the challenger, and the champion if there is none or only one of other, lesser data.

    A champion of the sample gives way to any model of real data; no model of the sample takes a real champion's place.

    Returns:
        The champion's version, and whether it changed.

    Raises:
        RegistryError: `best` is a baseline.
    """
    registry.point(name, CHALLENGER, best.version)
    champion = registry.by_alias(name, CHAMPION)
    only_sample = champion is not None and champion.tags.get(DATA_KIND) == "sample"
    if champion is None or (only_sample and best.tags.get(DATA_KIND) != "sample"):
        registry.point(name, CHAMPION, best.version)
        return best.version, True
    return champion.version, False
