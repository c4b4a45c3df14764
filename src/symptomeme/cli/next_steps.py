"""What the graph still wants, and what is to be typed next: every command that tells it takes it from here."""

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from symptomeme.cli.data_pointer import may_hold
from symptomeme.domain.layout import PARAMS, PROFILES, WEIGHTS, dataset_paths, published_checkpoint
from symptomeme.domain.params import Params

ENCODERS = (WEIGHTS / "text", WEIGHTS / "vision")
"""The sample's, and those that profile `real` starts from."""

RUN = ("dvc add data", "dvc repro", "symptomeme results", "dvc push  (where a remote is set: docs/data.md)")
"""Once all is in data/."""

REAL = "symptomeme params use real"


def follow(commands: Iterable[str]) -> str:
    """Commands to type next, for the end of what a command prints."""
    return "\n".join(["Next:", *(f"  {command}" for command in commands)])


def next_steps(params: Params) -> list[str]:
    """What leads from here to a finished run of the graph on a user's own memes, or on the sample."""
    lacking = _lacking(params)
    of_sample = _is_profile("sample")
    if of_sample and len(lacking) == len(params.tasks):
        return ["make demo"]
    rest = f"(without it: delete '%s: %s' under tasks in {PARAMS})"
    return [
        *([REAL] if of_sample and any(map(_own, params.tasks.values())) else []),
        *(f"{_import(task)}  {rest % (task, dataset)}" for task, dataset in lacking.items()),
        *dict.fromkeys(_fetches(params).values()),
        *RUN,
    ]


def own_memes(params: Params) -> list[str]:
    """What leads from the finished sample to a user's own memes."""
    folders = " ".join(str(dataset_paths(dataset).root) for dataset in params.tasks.values())
    return [f"rm -r {folders}", REAL, *map(_import, params.tasks), *RUN]


def missing(params: Params) -> list[str]:
    """What the graph wants and neither data/ nor DVC has: a sentence each, with what to do.

    What DVC has may be left out on purpose: `dvc repro --allow-missing --pull` brings what it needs of it.
    """
    told = [
        f"Not there: {dataset_paths(dataset).root}, the data of the task {task} in {PARAMS}. Run '{_import(task)}', or "
        f"delete '{task}: {dataset}' under tasks."
        for task, dataset in _lacking(params).items()
        if not may_hold(dataset_paths(dataset).root)
    ]
    told += [
        f"Not there: {encoder}, named in {PARAMS}. Run '{command}'."
        for encoder, command in _fetches(params).items()
        if not may_hold(encoder)
    ]
    told += [
        f"Not there: {file}, the checkpoint of a task under published in {PARAMS}. Put it there, or take the task away."
        for file in (published_checkpoint(params.published.checkpoint.folder, task) for task in params.published.tasks)
        if not file.exists() and not may_hold(file)
    ]
    return [*told, "Then 'dvc add data' and 'dvc repro'."] if told else []


def _lacking(params: Params) -> dict[str, str]:
    """Tasks without a data set, each with its folder under data/."""
    return {task: name for task, name in params.tasks.items() if not dataset_paths(name).root.exists()}


def _fetches(params: Params) -> dict[Path, str]:
    """Encoders, tokenizers and models that are not there, each with the command that brings it."""
    wanted = {Path(params.model.text_encoder): "text", Path(params.model.vision_encoder): "vision"}
    if params.reason.source == "generate":
        wanted[Path(params.reason.model)] = "reason"
    if params.published.tasks:
        wanted[Path(params.published.checkpoint.tokenizer)] = "text"
    return {
        path: f"symptomeme fetch-weights {'sample' if path in ENCODERS else f'{kind} NAME_OR_DIR --name {path.name}'}"
        for path, kind in wanted.items()
        if not path.exists()
    }


def _import(task: str) -> str:
    return f"symptomeme import-data {task} ARCHIVE"


def _own(dataset: str) -> bool:
    """Whether a data set is there that is not the sample."""
    with suppress(OSError, ValueError, LookupError, TypeError):
        return bool(json.loads(dataset_paths(dataset).source.read_text(encoding="utf-8"))["kind"] != "sample")
    return False


def _is_profile(name: str) -> bool:
    """Whether params.yaml is this profile, unchanged."""
    with suppress(OSError):
        return PARAMS.read_bytes() == (PROFILES / f"{name}.yaml").read_bytes()
    return False
