"""The MLflow registry: the only module that talks to MLflow."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import mlflow
from mlflow.entities import Metric, Param, RunTag
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from symptomeme.domain.errors import RegistryError

CHAMPION, CHALLENGER = "champion", "challenger"
DIGEST, KIND, VARIANT, TASK = "symptomeme.digest", "symptomeme.data_kind", "symptomeme.variant", "symptomeme.task"


Given = ParamSpec("Given")
Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """All that goes into the registry with one trained variant."""

    digest: str  # of the model folder's files
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    curves: Mapping[str, list[tuple[int, float]]]  # figure: (epoch, value)
    model: Path  # folder
    files: Mapping[str, Path]  # artifact folder: file or folder


def _in_one_line(method: Callable[Given, Found]) -> Callable[Given, Found]:
    """Let a method's MLflow errors come as RegistryError."""

    @wraps(method)
    def told(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        try:
            return method(*args, **kwargs)
        except MlflowException as error:
            message = " ".join(str(error.message).split())[:300]
            raise RegistryError(
                f"MLflow: {message}. Check MLFLOW_TRACKING_URI and the server, then run it again."
            ) from None

    return told


class Registry:
    """Registered models and their aliases. Which server: MLFLOW_TRACKING_URI, else a local database.

    Without that variable the database is mlruns.db and the artifacts lie in mlartifacts/, both in the project's root.
    """

    def __init__(self, *, experiment: str) -> None:
        self.uri = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path('mlruns.db').absolute()}"
        mlflow.set_tracking_uri(self.uri)
        self.client = mlflow.MlflowClient()
        self.experiment = experiment

    @_in_one_line
    def find(self, name: str, digest: str) -> ModelVersion | None:
        """The version with this digest, if there is one."""
        return next((version for version in self.versions(name) if version.tags.get(DIGEST) == digest), None)

    @_in_one_line
    def versions(self, name: str) -> list[ModelVersion]:
        """All versions, newest first."""
        found = self.client.search_model_versions(f"name = '{name}'")
        return sorted(found, key=lambda version: int(version.version), reverse=True)

    @_in_one_line
    def add(self, name: str, candidate: Candidate) -> ModelVersion:
        """Register a candidate; the one that is there already when its digest is known."""
        known = self.find(name, candidate.digest)
        if known is not None:
            return known
        run = self.client.create_run(self._experiment_id(), run_name=f"{name}-{candidate.tags[VARIANT]}")
        tags = {**candidate.tags, DIGEST: candidate.digest}
        self.client.log_batch(
            run.info.run_id,
            metrics=list(_metrics(candidate)),
            params=[Param(key, value[:6000]) for key, value in candidate.params.items()],
            tags=[RunTag(key, value) for key, value in tags.items()],
        )
        self.client.log_artifacts(run.info.run_id, str(candidate.model), "model")
        for folder, path in candidate.files.items():
            log = self.client.log_artifacts if path.is_dir() else self.client.log_artifact
            log(run.info.run_id, str(path), folder)
        self._ensure_model(name)
        version = self.client.create_model_version(
            name, source=f"{run.info.artifact_uri}/model", run_id=run.info.run_id, tags=tags
        )
        self.client.set_terminated(run.info.run_id)
        return version

    @_in_one_line
    def by_alias(self, name: str, alias: str) -> ModelVersion | None:
        """The version an alias points to; None if there is no such alias, and only then."""
        try:
            return self.client.get_model_version_by_alias(name, alias)
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise

    @_in_one_line
    def point(self, name: str, alias: str, version: str) -> None:
        """Point an alias to a version."""
        self.client.set_registered_model_alias(name, alias, version)

    def fetch(self, uri: str) -> tuple[Path, ModelVersion]:
        """The local folder of a registered model, `models:/NAME@ALIAS` or `models:/NAME/VERSION`.

        Raises:
            RegistryError: the registry has no such model.
        """
        name, _, which = uri.removeprefix("models:/").replace("@", "/@").partition("/")
        try:
            if which.startswith("@"):
                version = self.client.get_model_version_by_alias(name, which[1:])
            else:
                version = self.client.get_model_version(name, which)
            return Path(mlflow.artifacts.download_artifacts(version.source)), version
        except MlflowException as error:
            raise RegistryError(
                f"{uri}: {str(error.message).splitlines()[0]} (registry {self.uri.split('@')[-1]}). "
                "Run 'dvc repro' to train and register ('dvc repro --force --single-item register' registers again "
                "what was trained), or name a model folder with --model."
            ) from None

    def _experiment_id(self) -> str:
        found = self.client.get_experiment_by_name(self.experiment)
        if found is not None:
            return str(found.experiment_id)
        local = self.uri.startswith("sqlite")
        place = Path("mlartifacts").absolute().as_uri() if local else None
        try:
            return str(self.client.create_experiment(self.experiment, artifact_location=place))
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            return self._experiment_id()  # another process was first

    def _ensure_model(self, name: str) -> None:
        try:
            self.client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise


def choose(registry: Registry, name: str, best: ModelVersion) -> tuple[str, bool]:
    """Make `best` the challenger, and the champion if there is none or only one of other, lesser data.

    A champion of the sample gives way to any model of real data; no model of the sample takes a real champion's place.

    Returns:
        The champion's version, and whether it changed.
    """
    registry.point(name, CHALLENGER, best.version)
    champion = registry.by_alias(name, CHAMPION)
    only_sample = champion is not None and champion.tags.get(KIND) == "sample" and best.tags.get(KIND) != "sample"
    if champion is None or only_sample:
        registry.point(name, CHAMPION, best.version)
        return best.version, True
    return champion.version, False


def _metrics(candidate: Candidate) -> Iterator[Metric]:
    for name, value in candidate.metrics.items():
        yield Metric(name, value, 0, 0)
    for name, points in candidate.curves.items():
        for epoch, value in points:
            yield Metric(f"curve/{name}", value, 0, epoch)


def flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys joined by dots."""
    told: dict[str, Any] = {}
    for key, inner in value.items():
        name = f"{prefix}{key}"
        told.update(flat(inner, f"{name}.") if isinstance(inner, Mapping) else {name: inner})
    return told
