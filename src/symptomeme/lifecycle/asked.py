"""The registered version that a command was asked about, or one line with those that there are."""

from mlflow.entities.model_registry import ModelVersion

from symptomeme.domain.errors import RegistryError
from symptomeme.lifecycle.registry import Registry


def version_of(registry: Registry, name: str, which: str) -> ModelVersion:
    """The version of a registered model that a number or `@ALIAS` names.

    Raises:
        RegistryError: there is none.
    """
    number = registry.standing(name).aliases.get(which[1:]) if which.startswith("@") else which
    for version in registry.versions(name):
        if str(version.version) == number:
            return version
    raise RegistryError(f"{name} has no version {which} in {registry.place}. {there_are(registry, [name])}")


def there_are(registry: Registry, names: list[str]) -> str:
    """What these registered models have, and what to do."""
    told, some = [], False
    for name in names:
        aliases = registry.standing(name).aliases
        numbers = [str(version.version) for version in reversed(registry.versions(name))]
        some = some or bool(numbers)
        marked = {
            number: ", ".join(sorted(alias for alias, found in aliases.items() if found == number))
            for number in numbers
        }
        listed = ", ".join(number + (f" ({mine})" if mine else "") for number, mine in marked.items())
        told.append(f"{name} has {listed or 'no version'}")
    do = "Name one of these; 'symptomeme models' tells more" if some else "'dvc repro' trains and registers"
    return f"{'; '.join(told)}. {do}."
