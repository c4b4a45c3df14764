"""The steps of a run, as DVC expands them from dvc.yaml: there is no other list of them."""

import shlex
from collections.abc import Collection
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import networkx
from dvc.repo import Repo
from dvc.stage import Stage

from flows.commands import LastingFault
from symptomeme.domain.layout import STUDY_GRAPH


class Step(NamedTuple):
    """One node of DVC's graph."""

    name: str  # as DVC addresses it: train@anxiety-fusion, or data.dvc
    data: str | None  # the folder it tracks, where it is not a stage
    task: str | None
    variant: str | None
    after: tuple[str, ...]  # the names of those it needs
    left_out: tuple[str, ...] = ()  # of these, those that are no part of the run


def steps(root: Path, *, tasks: Collection[str] | None, variants: Collection[str] | None) -> list[Step]:
    """The graph of the project in `root`, each step behind those it needs; only these tasks and variants where given.

    Raises:
        LastingFault: the graph has no such task or variant.
    """
    with Repo(str(root)) as repo:
        graph = repo.index.graph  # an edge leads from a stage to one that it needs
        found = [
            _step(stage, graph, root.resolve())
            for stage in networkx.lexicographical_topological_sort(graph.reverse(), key=str)
            if Path(stage.path) != root.resolve() / STUDY_GRAPH  # no part of a run
        ]
    for kind, asked, known in (
        ("task", tasks, {step.task for step in found}),
        ("variant", variants, {step.variant for step in found}),
    ):
        if strange := set(asked or ()) - known:
            there = ", ".join(sorted(name for name in known if name))
            raise LastingFault(f"params.yaml has no {kind} {', '.join(sorted(strange))}; it has {there}.")
    kept = [step for step in found if _asked(step.task, tasks) and _asked(step.variant, variants)]
    names = {step.name for step in kept}
    return [
        step._replace(
            after=tuple(name for name in step.after if name in names),
            left_out=tuple(name for name in step.after if name not in names),
        )
        for step in kept
    ]


def _asked(name: str | None, names: Collection[str] | None) -> bool:
    return not names or name is None or name in names


def _address(stage: Stage, root: Path) -> str:
    """How DVC addresses a stage in `root`; its own `addressing` is for the current folder."""
    path = Path(stage.path).relative_to(root).as_posix()
    name = getattr(stage, "name", None)
    if not name:
        return path
    return str(name) if path == "dvc.yaml" else f"{path}:{name}"


def _step(stage: Stage, graph: "networkx.DiGraph[Stage]", root: Path) -> Step:
    words = shlex.split(stage.cmd or "")
    options = {word: value for word, value in pairwise(words) if word.startswith("--")}
    return Step(
        name=_address(stage, root),
        data=None if stage.cmd else str(stage.outs[0]),
        task=options.get("--task"),
        variant=options.get("--variant"),
        after=tuple(sorted(_address(needed, root) for needed in graph.successors(stage))),
    )
