"""`symptomeme trace VERSION`: where a registered version came from, and how to make it again."""

import argparse
from typing import Any

from symptomeme.cli.output import as_json
from symptomeme.domain.labels import TASKS
from symptomeme.domain.layout import task_paths
from symptomeme.domain.params import read_params


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `trace`."""
    verb = verbs.add_parser("trace", help="tell where a registered version came from, and how to make it again")
    verb.add_argument("version", metavar="VERSION_OR_URI", help="3, @champion, models:/NAME/3 or models:/NAME@ALIAS")
    verb.add_argument("--task", choices=TASKS, help="whose version, if a number or alias alone is given")
    verb.add_argument("--json", action="store_true", help="print JSON")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print a version's lineage.

    Raises:
        RegistryError: there is no such version.
    """
    from symptomeme.lifecycle.trace import trace

    found = trace(arguments.version, arguments.task, read_params())
    print(as_json(found) if arguments.json else told(found))
    return 0


def told(found: dict[str, Any]) -> str:
    """A version's lineage for people."""
    git, data, model = found["git"], found["data"], found["model"]
    dirty = {None: "", False: ", clean", True: f", dirty: {git['changed']}"}[git["dirty"]]
    aliases = ", ".join(found["aliases"]) or "no alias"
    lines = [
        f"version    {found['name']} {found['version']} ({found['variant']}; {aliases})",
        f"model      {model['digest']}, {'as registered' if model['confirmed'] else model['fault']}",
        f"bentos     {', '.join(found['bentos']) or 'none here'}",
        f"registered {found['registered']}, run {found['run']['id']} in {found['run']['registry']}",
        f"data       {data['kind']}: data.dvc {data['data_md5'] or 'not recorded'}, its part "
        f"{data['dataset_md5'] or 'not recorded'}",
        f"params     {found['params_digest'] or 'not recorded'}",
        f"commit     {git['commit'] or 'not recorded'}{dirty}",
    ]
    lines += [
        f"stage      {name}: params {stage['params'][:12]}, code {stage['code'][:12]}, wrote "
        + ", ".join(f"{path} {md5[:12]}" for path, md5 in stage["writes"].items())
        for name, stage in (found["stages"] or {}).items()
    ]
    lines += [f"decision   {row['at']} {row['kind']} by {row['by']}: {row['reason']}" for row in found["decisions"]]
    if found["reproduce"]:
        lines += [
            "To make it again, in a clone of the repository:",
            *(f"  {command}" for command in found["reproduce"]),
        ]
        folder = task_paths(found["task"]).variant(found["variant"]).model
        lines.append(f"{folder} then has the digest above, and a registry that knows it gets no new version.")
    return "\n".join(lines)
