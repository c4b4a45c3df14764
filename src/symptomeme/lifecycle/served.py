"""The models that a command asks for: in a folder, in the registry, or the champions."""

from pathlib import Path

from symptomeme.domain.errors import InputError, ModelError
from symptomeme.domain.params import read_params
from symptomeme.lifecycle.naming import model_name
from symptomeme.predictor import Predictor, Served


def model_at(where: str, *, task: str | None) -> Served:
    """The model in a folder, or at `models:/NAME@ALIAS`.

    Raises:
        InputError: there is no such folder.
        ModelError: it is a model of another task.
    """
    if where.startswith("models:/"):
        found = _registered(where)
    else:
        folder = Path(where)
        if not (folder / "config.json").is_file():
            raise InputError(f"{where}: no model folder (config.json is missing). Name one, or models:/NAME@ALIAS.")
        found = Served(predictor=Predictor(folder), name=where, version=None)
    if task is not None and found.task != task:
        raise ModelError(f"{where} is a model of {found.task}, not of {task}. Leave --task out or name another model.")
    return found


def champions(tasks: list[str] | None) -> list[Served]:
    """The champions of these tasks; None: of all in params.yaml.

    Raises:
        RegistryError: a task has no champion.
    """
    params = read_params()
    names = [model_name(params.registration, task) for task in tasks or params.tasks]
    return [_registered(f"models:/{name}@champion") for name in names]


def _registered(uri: str) -> Served:
    from symptomeme.lifecycle.registry import Registry  # noqa: PLC0415 - MLflow takes seconds to import

    folder, version = Registry(experiment="").fetch(uri)
    return Served(predictor=Predictor(folder), name=version.name, version=str(version.version))
