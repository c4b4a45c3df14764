"""From the version that an answer names back to its run, data, params and commit, and how to make it again."""

import re
import shlex
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mlflow.entities.model_registry import ModelVersion

from symptomeme.domain.errors import InputError, UnconfirmedError
from symptomeme.domain.params import Params
from symptomeme.lifecycle.asked import there_are, version_of
from symptomeme.lifecycle.bentos import bentos_holding
from symptomeme.lifecycle.candidate import DATA_KIND, DIGEST, KIND, TASK, VARIANT
from symptomeme.lifecycle.journal import held, moment
from symptomeme.lifecycle.lineage import CHANGED, COMMIT, DATA, DATASET, DIRTY, LINEAGE, TRAINED_WITH, stages_of
from symptomeme.lifecycle.manifest import FILES
from symptomeme.lifecycle.moves import settle
from symptomeme.lifecycle.naming import model_name
from symptomeme.lifecycle.registry import Registry
from symptomeme.lifecycle.reproduce import dvc_output


def trace(where: str, task: str | None, params: Params) -> dict[str, Any]:
    """All that is known of where a registered version came from; what was not recorded is None.

    Args:
        where: `models:/NAME/VERSION`, `models:/NAME@ALIAS`, the same without `models:/`, or a version alone.
        task: whose version, where `where` does not tell it.
        params: names of the registered models.

    Raises:
        InputError: `where` is none of these, or it is not said of which task.
        RegistryError: there is no such version.
    """
    registry = Registry(experiment=params.registration.experiment)
    version = version_of(registry, *_asked(registry, where, task, params))
    name, number, tags = version.name, str(version.version), version.tags
    with held(name):
        journal = settle(registry, tags[TASK], name)
    aliases = registry.standing(name).aliases
    decisions = [row for row in journal.decisions if number in (row["from"], row["to"])]
    return {
        "name": name,
        "version": number,
        "task": tags[TASK],
        "variant": tags.get(VARIANT),
        "kind": tags.get(KIND),
        "aliases": sorted(alias for alias, found in aliases.items() if found == number),
        "registered": moment(version.creation_timestamp),
        "model": {"digest": tags.get(DIGEST), "files": tags.get(FILES), **_confirmed(registry, name, number)},
        "bentos": bentos_holding(tags.get(DIGEST, "")),
        "run": {"id": version.run_id, "registry": registry.place},
        "data": {"kind": tags.get(DATA_KIND), "data_md5": tags.get(DATA), "dataset_md5": tags.get(DATASET)},
        "params_digest": tags.get(TRAINED_WITH),
        "stages": _stages(registry, version),
        "git": {
            "commit": tags.get(COMMIT),
            "dirty": None if DIRTY not in tags else tags[DIRTY] == "true",
            "changed": tags.get(CHANGED),
        },
        "decisions": [
            {key: row[key] for key in ("at", "by", "kind", "alias", "from", "to", "reason")} for row in decisions
        ],
        "reproduce": reproduce(version, registry.place),
    }


def reproduce(version: ModelVersion, registry: str) -> list[str]:
    """Commands that make the same model folder in a clone of the repository; none where no commit was recorded.

    Args:
        version: as registered.
        registry: where MLflow keeps the files of its run.
    """
    commit, task, variant, kind = (version.tags.get(tag) for tag in (COMMIT, TASK, VARIANT, DATA_KIND))
    if commit is None:
        return []
    remote = bool(dvc_output("remote", "list").strip())
    drawn = kind == "sample" and not remote
    files = f"{LINEAGE}/params.yaml" if drawn else f"{LINEAGE}/params.yaml {LINEAGE}/data.dvc"
    as_it_was = [
        f"MLFLOW_TRACKING_URI={shlex.quote(registry)} mlflow artifacts download --run-id {version.run_id} "
        f"--artifact-path {LINEAGE} --dst-path .",
        f"cp {files} .",
    ]
    graph = [f"dvc repro evaluate@{task}-{variant}", f"dvc repro register@{task}"]
    return [
        f"git checkout {commit}",
        *(as_it_was if version.tags.get(DIRTY) == "true" else []),
        *(["make demo"] if drawn else [*([] if remote else _from_here()), "dvc pull data.dvc", *graph]),
    ]


def _from_here() -> list[str]:
    """What lets a clone on this machine pull where there is no remote: DVC's cache of this project."""
    cache = dvc_output("cache", "dir").strip()
    return [f"dvc remote add --local --default here {shlex.quote(cache)}"] if cache else []


def _asked(registry: Registry, where: str, task: str | None, params: Params) -> tuple[str, str]:
    """The registered model, and a number or `@ALIAS`."""
    tasks = [task] if task else list(params.tasks)
    names = [model_name(params.registration, each) for each in tasks]
    found = re.fullmatch(r"(?:([^/@]+)(?:/(?=\d)|(?=@)))?(\d+|@[^/@]+)", where.removeprefix("models:/"))
    if found is None:
        raise InputError(
            f"{where}: expected a number, @ALIAS, models:/NAME/NUMBER or models:/NAME@ALIAS. "
            f"{there_are(registry, names)}"
        )
    name, which = found.groups()
    if name is None and len(tasks) > 1:
        raise InputError(f"{where}: a version of which task? Say --task, one of {', '.join(tasks)}.")
    return name or names[0], which


def _confirmed(registry: Registry, name: str, number: str) -> dict[str, Any]:
    """Whether its files are those that were registered."""
    try:
        registry.fetch(f"models:/{name}/{number}")
    except UnconfirmedError as error:
        return {"confirmed": False, "fault": str(error)}
    return {"confirmed": True, "fault": None}


def _stages(registry: Registry, version: ModelVersion) -> dict[str, Any] | None:
    with TemporaryDirectory(prefix="symptomeme-trace-") as scratch:
        lock = registry.logged(version, f"{LINEAGE}/dvc.lock", into=Path(scratch))
        return None if lock is None else stages_of(lock, version.tags[TASK], version.tags[VARIANT])
