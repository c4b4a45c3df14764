"""The MLflow registry: runs, versions of registered models, aliases."""

import logging
import os
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import urlsplit

import mlflow
from mlflow.entities import LoggedModelOutput, Param, Run, RunTag
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.utils.file_utils import local_file_uri_to_path

from symptomeme.domain.addresses import without_password
from symptomeme.domain.errors import RegistryError, UnconfirmedError
from symptomeme.domain.layout import cache
from symptomeme.domain.writing import replacing
from symptomeme.lifecycle.candidate import DIGEST, KIND, VARIANT, Candidate
from symptomeme.lifecycle.database import make_database, reach
from symptomeme.lifecycle.leftovers import end_leftovers
from symptomeme.lifecycle.manifest import FILES, check_manifest
from symptomeme.lifecycle.mlflow_errors import already_there, in_one_line, not_there, reason
from symptomeme.lifecycle.packaging import MODEL, package, without_bars

_LOCAL = Path("mlruns.db")


class Standing(NamedTuple):
    """Where a registered model's aliases point."""

    created: int | None  # when the model was first registered, ms since 1970: what tells registries apart
    aliases: dict[str, str]  # alias: version


class Registry:
    """Registered models and their aliases. Which server: MLFLOW_TRACKING_URI, else a local database.

    Without that variable the database is mlruns.db and the artifacts lie in mlartifacts/, both in the project's root.
    The first `add` makes them; until then there are no versions.
    """

    def __init__(self, *, experiment: str) -> None:
        self._database = None if os.environ.get("MLFLOW_TRACKING_URI") else _LOCAL.absolute()
        self.uri = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{_LOCAL.absolute()}"
        self.experiment = experiment
        logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)  # it warns of each time it tries again
        logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # what it tells of is raised too
        self._reach()

    @property
    def place(self) -> str:
        """Where the registry is, as it may be told."""
        return without_password(self.uri)

    @property
    def is_there(self) -> bool:
        """Whether anything can have been registered."""
        return self._database is None or self._database.exists()

    @cached_property
    @in_one_line
    def client(self) -> mlflow.MlflowClient:
        """MLflow's own client.

        Raises:
            RegistryError: there is no registry yet.
        """
        if not self.is_there:
            raise RegistryError(
                f"there is no registry here ({_LOCAL} is missing). Run 'dvc repro' to train and register, set "
                "MLFLOW_TRACKING_URI to one elsewhere, or name a model folder with --model."
            )
        mlflow.set_tracking_uri(self.uri)
        return mlflow.MlflowClient()

    @in_one_line
    def find(self, name: str, digest: str) -> ModelVersion | None:
        """The version with this digest, the oldest if there are several, or None."""
        known = [version for version in self.versions(name) if version.tags.get(DIGEST) == digest]
        return known[-1] if known else None

    @in_one_line
    def versions(self, name: str) -> list[ModelVersion]:
        """All versions, newest first."""
        if not self.is_there:
            return []
        found = self.client.search_model_versions(f"name = '{name}'")
        return sorted(found, key=lambda version: int(version.version), reverse=True)

    @in_one_line
    def add(self, name: str, candidate: Candidate) -> ModelVersion:
        """Register a candidate; the one that is there already when its digest is known.

        A version is created last and whole; when anything fails before, the run is left as failed, at the latest by
        the next call.
        """
        if self._database is not None:
            make_database(self._database)
        run_name = f"{name}-{candidate.tags[VARIANT]}"
        end_leftovers(self.client, self.experiment, run_name, {version.run_id for version in self.versions(name)})
        known = self.find(name, candidate.digest)
        if known is not None:
            return known
        self._ensure_model(name)
        run = self.client.create_run(self._experiment_id(), run_name=run_name)
        try:
            version = self._create_version(name, candidate, run)
        except BaseException:
            with suppress(Exception):
                self.client.set_terminated(run.info.run_id, "FAILED")
            raise
        self.client.set_terminated(run.info.run_id)
        return self._first(name, version)

    @in_one_line
    def by_alias(self, name: str, alias: str) -> ModelVersion | None:
        """The version an alias points to; None if there is no such alias, and only then."""
        if not self.is_there:
            return None
        try:
            return self.client.get_model_version_by_alias(name, alias)
        except MlflowException as error:
            if not not_there(error):
                raise
            return None

    @in_one_line
    def point(self, name: str, alias: str, version: str) -> None:
        """Point an alias to a version, in one transaction.

        Raises:
            RegistryError: the version is no variant of this model, but a baseline.
        """
        self.check_kind(name, alias, version)
        self.client.set_registered_model_alias(name, alias, version)

    @in_one_line
    def check_kind(self, name: str, alias: str, version: str) -> None:
        """Check that a version may have an alias.

        Raises:
            RegistryError: it is no variant of this model, but a baseline.
        """
        kind = self.client.get_model_version(name, version).tags.get(KIND)
        if kind != "variant":
            raise RegistryError(
                f"{name} {version} is {'of no known kind' if kind is None else f'a {kind}'}; only a variant of this "
                f"model can be {alias}. Name the version of a variant."
            )

    @in_one_line
    def standing(self, name: str) -> Standing:
        """Where the aliases of a model point; one that points to a deleted version is left out."""
        if not self.is_there:
            return Standing(created=None, aliases={})
        try:
            model = self.client.get_registered_model(name)
        except MlflowException as error:
            if not not_there(error):
                raise
            return Standing(created=None, aliases={})
        there = {str(version.version) for version in self.versions(name)}
        aliases = {alias: str(version) for alias, version in model.aliases.items() if str(version) in there}
        return Standing(created=model.creation_timestamp, aliases=aliases)

    @in_one_line
    def resolve(self, uri: str) -> ModelVersion:
        """The version at `models:/NAME@ALIAS` or `models:/NAME/VERSION`.

        Raises:
            RegistryError: there is no such version.
        """
        name, separator, which = uri.removeprefix("models:/").partition("@" if "@" in uri else "/")
        try:
            if separator == "@":
                return self.client.get_model_version_by_alias(name, which)
            return self.client.get_model_version(name, which)
        except MlflowException as error:
            if not not_there(error):
                raise
            raise RegistryError(
                f"{uri}: {reason(error)} (registry {self.place}). "
                "Run 'dvc repro' to train and register ('dvc repro --force --single-item register' registers again "
                "what was trained), or name a model folder with --model."
            ) from None

    @in_one_line
    def fetch(self, uri: str) -> tuple[Path, ModelVersion]:
        """The model folder of a registered model, `models:/NAME@ALIAS` or `models:/NAME/VERSION`.

        Raises:
            RegistryError: there is no such version.
            UnconfirmedError: its files are not those that were registered.
        """
        version = self.resolve(uri)
        folder = self._local(version)
        check_manifest(folder, digest=version.tags.get(FILES, ""))
        return folder / MODEL, version

    @in_one_line
    def logged(self, version: ModelVersion, path: str, *, into: Path) -> Path | None:
        """A file that was logged with a version's run, in the folder `into`; None if there is none."""
        folder = path.rpartition("/")[0]
        if path not in [item.path for item in self.client.list_artifacts(version.run_id, folder)]:
            return None
        with without_bars():
            return Path(self.client.download_artifacts(version.run_id, path, str(into)))

    @in_one_line
    def metrics(self, version: ModelVersion) -> dict[str, float]:
        """What was measured of a version before it was registered."""
        return dict(self.client.get_run(version.run_id).data.metrics)

    @in_one_line
    def _reach(self) -> None:
        if urlsplit(self.uri).scheme.startswith("postgresql"):
            reach(self.uri)

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
            if not Path(local_file_uri_to_path(place)).is_dir():
                raise UnconfirmedError(
                    f"{version.name} {version.version}: its files are gone from {place}: the model is not loaded. "
                    "Bring them back, or delete the version in MLflow and register it again."
                )
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
        # a server knows its own place; of a database MLflow would take ./mlruns. In a work tree it can be a link
        place = None if urlsplit(self.uri).scheme in ("http", "https") else Path("mlartifacts").resolve().as_uri()
        try:
            return str(self.client.create_experiment(self.experiment, artifact_location=place))
        except MlflowException as error:
            if not already_there(error):
                raise
            return self._experiment_id()  # another process was first

    def _ensure_model(self, name: str) -> None:
        try:
            self.client.create_registered_model(name)
        except MlflowException as error:
            if not already_there(error):
                raise
