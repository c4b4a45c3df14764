"""The MLflow registry: runs, versions of registered models, aliases."""

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

import mlflow
from mlflow.entities import LoggedModelOutput, Param, Run, RunTag
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from requests import RequestException
from sqlalchemy.exc import SQLAlchemyError

from symptomeme.domain.addresses import without_password
from symptomeme.domain.errors import RegistryError
from symptomeme.domain.layout import cache
from symptomeme.domain.writing import replacing
from symptomeme.lifecycle.candidate import DIGEST, FILES, KIND, VARIANT, Candidate
from symptomeme.lifecycle.database import make_database
from symptomeme.lifecycle.manifest import check_manifest
from symptomeme.lifecycle.packaging import MODEL, package

_LOCAL = Path("mlruns.db")
_NOT_THERE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")  # the latter of an alias

Given = ParamSpec("Given")
Found = TypeVar("Found")


def _in_one_line(method: Callable[Given, Found]) -> Callable[Given, Found]:
    """Let what MLflow raises, whatever its store is, come as RegistryError."""

    @wraps(method)
    def told(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        try:
            return method(*args, **kwargs)
        except (MlflowException, RequestException, SQLAlchemyError, ImportError) as error:
            raise RegistryError(
                f"MLflow: {_reason(error)}. Check MLFLOW_TRACKING_URI and the server, then run it again."
            ) from None

    return told


class Registry:
    """Registered models and their aliases. Which server: MLFLOW_TRACKING_URI, else a local database.

    Without that variable the database is mlruns.db and the artifacts lie in mlartifacts/, both in the project's root.
    """

    def __init__(self, *, experiment: str) -> None:
        self.uri = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{_LOCAL.absolute()}"
        self.experiment = experiment
        logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)  # it warns of each time it tries again
        self.client = self._client()

    @_in_one_line
    def find(self, name: str, digest: str) -> ModelVersion | None:
        """The version with this digest, the oldest if there are several, or None."""
        known = [version for version in self.versions(name) if version.tags.get(DIGEST) == digest]
        return known[-1] if known else None

    @_in_one_line
    def versions(self, name: str) -> list[ModelVersion]:
        """All versions, newest first."""
        found = self.client.search_model_versions(f"name = '{name}'")
        return sorted(found, key=lambda version: int(version.version), reverse=True)

    @_in_one_line
    def add(self, name: str, candidate: Candidate) -> ModelVersion:
        """Register a candidate; the one that is there already when its digest is known.

        A version is created last and whole; when anything fails before, the run is left as failed.
        """
        known = self.find(name, candidate.digest)
        if known is not None:
            return known
        self._ensure_model(name)
        run = self.client.create_run(self._experiment_id(), run_name=f"{name}-{candidate.tags[VARIANT]}")
        try:
            version = self._create_version(name, candidate, run)
        except BaseException:
            with suppress(Exception):
                self.client.set_terminated(run.info.run_id, "FAILED")
            raise
        self.client.set_terminated(run.info.run_id)
        return self._first(name, version)

    @_in_one_line
    def by_alias(self, name: str, alias: str) -> ModelVersion | None:
        """The version an alias points to; None if there is no such alias, and only then."""
        try:
            return self.client.get_model_version_by_alias(name, alias)
        except MlflowException as error:
            if error.error_code not in _NOT_THERE:
                raise
            return None

    @_in_one_line
    def metrics(self, version: ModelVersion) -> dict[str, float]:
        """What was measured of a version before it was registered."""
        return dict(self.client.get_run(version.run_id).data.metrics)

    @_in_one_line
    def point(self, name: str, alias: str, version: str) -> None:
        """Point an alias to a version.

        Raises:
            RegistryError: the version is no variant of this model, but a baseline.
        """
        kind = self.client.get_model_version(name, version).tags.get(KIND)
        if kind != "variant":
            raise RegistryError(
                f"{name} {version} is {'of no known kind' if kind is None else f'a {kind}'}; only a variant of this "
                f"model can be {alias}. Name the version of a variant."
            )
        self.client.set_registered_model_alias(name, alias, version)

    @_in_one_line
    def fetch(self, uri: str) -> tuple[Path, ModelVersion]:
        """The model folder of a registered model, `models:/NAME@ALIAS` or `models:/NAME/VERSION`.

        Raises:
            RegistryError: the registry has no such model, or a file is not what was registered.
        """
        name, _, which = uri.removeprefix("models:/").replace("@", "/@").partition("/")
        try:
            if which.startswith("@"):
                version = self.client.get_model_version_by_alias(name, which[1:])
            else:
                version = self.client.get_model_version(name, which)
        except MlflowException as error:
            if error.error_code not in _NOT_THERE:
                raise
            raise RegistryError(
                f"{uri}: {_reason(error)} (registry {without_password(self.uri)}). "
                "Run 'dvc repro' to train and register ('dvc repro --force --single-item register' registers again "
                "what was trained), or name a model folder with --model."
            ) from None
        folder = self._local(version)
        check_manifest(folder, digest=version.tags.get(FILES, ""))
        return folder / MODEL, version

    @_in_one_line
    def _client(self) -> mlflow.MlflowClient:
        if not os.environ.get("MLFLOW_TRACKING_URI"):
            make_database(_LOCAL.absolute())
        mlflow.set_tracking_uri(self.uri)
        return mlflow.MlflowClient()

    def _create_version(self, name: str, candidate: Candidate, run: Run) -> ModelVersion:
        """Fill the run and a logged model, and make a version of it."""
        run_id, tags = run.info.run_id, {**candidate.tags, DIGEST: candidate.digest}
        params = {key: value[:6000] for key, value in candidate.params.items()}
        logged = self.client.create_logged_model(run.info.experiment_id, name, run_id, params=params, tags=tags)
        self.client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
        self.client.log_batch(
            run_id,
            metrics=candidate.logged_metrics(run_id, logged.model_id),
            params=[Param(key, value) for key, value in params.items()],
            tags=[RunTag(key, value) for key, value in tags.items()],
        )
        for folder, paths in candidate.files.items():
            for path in paths:
                log = self.client.log_artifacts if path.is_dir() else self.client.log_artifact
                log(run_id, str(path), folder)
        with TemporaryDirectory(prefix="symptomeme-register-") as scratch:
            described = Model(run_id=run_id, model_id=logged.model_id, artifact_path=logged.artifact_location)
            files = package(Path(scratch) / "model", candidate.model, name=name, described=described)
            self.client.log_model_artifacts(logged.model_id, f"{scratch}/model")
        self.client.finalize_logged_model(logged.model_id, "READY")
        return self.client.create_model_version(
            name,
            source=f"models:/{logged.model_id}",
            run_id=run_id,
            tags={**tags, FILES: files},
            description=candidate.description,
            model_id=logged.model_id,
        )

    def _first(self, name: str, version: ModelVersion) -> ModelVersion:
        """This version, or the one that another process made of the same files a moment before: then this one goes."""
        first = self.find(name, version.tags[DIGEST])
        if first is None or int(first.version) == int(version.version):
            return version
        self.client.delete_model_version(name, version.version)
        self.client.delete_logged_model(version.source.removeprefix("models:/"))
        self.client.delete_run(version.run_id)
        return first

    def _local(self, version: ModelVersion) -> Path:
        """The version's files where they lie, or, if that is elsewhere, a copy in the cache."""
        place = self.client.get_model_version_download_uri(version.name, version.version)
        if urlsplit(place).scheme in ("", "file"):
            return Path(mlflow.artifacts.download_artifacts(place))
        kept = cache("registered", version.tags.get(FILES, ""))
        if not kept.is_dir():
            with replacing(kept) as beside:
                beside.mkdir()
                mlflow.artifacts.download_artifacts(version.source, dst_path=str(beside))
        return kept

    def _experiment_id(self) -> str:
        found = self.client.get_experiment_by_name(self.experiment)
        if found is not None:
            return str(found.experiment_id)
        database = self.uri.removeprefix("sqlite:///") if self.uri.startswith("sqlite") else None
        # beside the database, wherever this process works
        place = (Path(database).absolute().parent / "mlartifacts").as_uri() if database else None
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


def _reason(error: Exception) -> str:
    """What went wrong, in one line."""
    told = str(error.message) if isinstance(error, MlflowException) else str(error)
    return without_password(" ".join(told.split()))[:300].rstrip(".")
