"""All versions of the registered models, as a table."""

from typing import Any

from mlflow.entities.model_registry import ModelVersion

from symptomeme.domain.params import Params
from symptomeme.lifecycle.candidate import DIGEST, KIND, VARIANT
from symptomeme.lifecycle.journal import held, moment
from symptomeme.lifecycle.lineage import DATASET
from symptomeme.lifecycle.moves import settle
from symptomeme.lifecycle.naming import model_name
from symptomeme.lifecycle.registry import Registry


def models(params: Params) -> list[dict[str, Any]]:
    """A row a version, newest first in each task; what is not known is None.

    Raises:
        RegistryError: MLflow cannot be reached.
    """
    settle_all(params)
    registry = Registry(experiment=params.registration.experiment)
    rows = []
    for task in params.tasks:
        name = model_name(params.registration, task)
        aliases = registry.standing(name).aliases
        for version in registry.versions(name):
            mine = sorted(alias for alias, number in aliases.items() if number == str(version.version))
            rows.append({"task": task, **_row(registry, version), "aliases": mine})
    return rows


def settle_all(params: Params) -> None:
    """Bring the promotion log up to date with the registry, for every task.

    Raises:
        RegistryError: MLflow cannot be reached.
    """
    registry = Registry(experiment=params.registration.experiment)
    for task in params.tasks:
        name = model_name(params.registration, task)
        with held(name):
            settle(registry, task, name)


def _row(registry: Registry, version: ModelVersion) -> dict[str, Any]:
    metrics = registry.metrics(version)
    return {
        "name": version.name,
        "version": str(version.version),
        "variant": version.tags.get(VARIANT),
        "kind": version.tags.get(KIND),
        "validation_macro_f1": metrics.get("val.published.macro_f1.value"),
        "test_macro_f1": metrics.get("test.published.macro_f1.value"),
        "data": version.tags.get(DATASET),
        "digest": version.tags.get(DIGEST),
        "registered": moment(version.creation_timestamp),
    }
