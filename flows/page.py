"""What the page of a run shows: tables, decisions, links, pictures."""

import base64
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows.environment import running_server
from flows.graph import Step
from flows.worktree import Place
from symptomeme.domain.addresses import without_password
from symptomeme.domain.layout import data_docs, error_page, task_paths

PLOTS = ("confusion.png", "reliability.png")
VERDICTS = {True: "yes", False: "no", None: "-"}


def key(*words: str) -> str:
    """An artifact's key: the same in every run, so that Prefect shows its history."""
    return re.sub(r"[^a-z0-9]+", "-", "-".join(words).lower()).strip("-")


def show_figures(rows: Iterable[Mapping[str, Any]]) -> None:
    """A table of each new model beside the champion."""
    table = [
        {
            **{name: row[name] or "-" for name in ("task", "model", "variant", "version")},
            **{name: "-" if value is None else f"{value:.3f}" for name, value in row["figures"].items()},
        }
        for row in rows
    ]
    told = "Figures on the test memes without leaked ones; the champion's are those of when it was evaluated."
    create_table_artifact(key="figures", table=table, description=told)


def show_decision(task: str, answer: Mapping[str, Any], *, kind: str = "gate") -> None:
    """What the gate, or the monitor, found: every criterion."""
    lines = [f"# {task}: {_headline(answer)}", ""]
    criteria = answer.get("criteria") or []
    if criteria:
        names = list(dict.fromkeys(name for criterion in criteria for name in criterion))
        lines += [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
        lines += [f"| {' | '.join(_cell(criterion.get(name)) for name in names)} |" for criterion in criteria]
    rest = {name: value for name, value in answer.items() if name != "criteria"}
    lines += ["", "```json", json.dumps(rest, indent=2, ensure_ascii=False), "```"]
    create_markdown_artifact(key=key(kind, task), markdown="\n".join(lines), description=f"{kind} of {task}")


def show_answer(name: str, title: str, answer: Mapping[str, Any]) -> None:
    """The answer of a verb as it is."""
    told = json.dumps(answer, indent=2, ensure_ascii=False)
    create_markdown_artifact(key=key(name), markdown=f"# {title}\n\n```json\n{told}\n```", description=title)


def show_files(root: Path, names: Iterable[str]) -> None:
    """Files that a run began or ended with, each whole; a run that is ended may leave some of them out."""
    for name in names:
        try:
            text = (root / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            continue
        create_markdown_artifact(key=key(name), markdown=f"```yaml\n{text}\n```", description=f"{name} of this run")


def show_links(place: Place, tasks: Iterable[str]) -> None:
    """Where Data Docs, error pages and MLflow are."""
    root, lines = place.root, [_mlflow()]
    if place.is_own:
        lines.append("- Data Docs and error pages: of a run with other values they go with its work tree")
    for task in () if place.is_own else tasks:
        lines.append(_link(f"Data Docs of {task}", root / data_docs(task) / "index.html"))
        variants = root / task_paths(task).root / "variants"
        for variant in sorted(folder.name for folder in variants.glob("*") if folder.is_dir()):
            lines.append(_link(f"errors of {task}, {variant}", root / error_page(task, variant)))
    if not place.is_own:
        lines.append("\nFiles are on the machine that ran this; browsers open them by their address, not by a click.")
    create_markdown_artifact(key="links", markdown="\n".join(lines), description="Data Docs, error pages, MLflow")


def show_plots(root: Path, steps: Iterable[Step]) -> None:
    """The plots of each variant that was evaluated, held in the page itself."""
    for task, variant in sorted({(step.task, step.variant) for step in steps if step.task and step.variant}):
        folder = root / task_paths(task).variant(variant).plots
        pictures = [folder / name for name in PLOTS if (folder / name).is_file()]
        held = [f"![{path.stem}](data:image/png;base64,{_base64(path)})" for path in pictures]
        if held:
            told = f"Plots of {task}, {variant}: test as published"
            create_markdown_artifact(key=key("plots", task, variant), markdown="\n\n".join(held), description=told)


def _headline(answer: Mapping[str, Any]) -> str:
    if "alarm" in answer:
        return "ALARM" if answer["alarm"] else "no alarm"
    done = "promoted" if answer.get("promoted") else "judged" if answer.get("dry_run") else "not promoted"
    return ": ".join(str(word) for word in (done, answer.get("reason")) if word)


def _cell(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return VERDICTS[value]
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value).replace("|", "\\|").replace("\n", " ")


def _mlflow() -> str:
    """MLflow's page where one is known: a database has none."""
    tracking, server = os.environ.get("MLFLOW_TRACKING_URI", ""), running_server() or {}
    shown = tracking if tracking.startswith("http") else server.get("mlflow") or tracking
    return f"- MLflow: {without_password(shown)}" if shown else "- MLflow: `make server` shows it"


def _link(name: str, path: Path) -> str:
    return f"- {name}: `{path.absolute().as_uri()}`" if path.is_file() else f"- {name}: made when its stage runs"


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
