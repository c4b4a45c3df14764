"""`symptomeme promote`, `decline`, `rollback`, `models`, `promotions`: which model is served, and why."""

import argparse
import sys
from typing import Any

from symptomeme.cli.output import as_json
from symptomeme.domain.errors import InputError, RegistryError, SymptomemeError, ToolError
from symptomeme.domain.labels import TASKS, task_named
from symptomeme.domain.layout import PROMOTIONS, StatePaths
from symptomeme.domain.locking import alone
from symptomeme.domain.params import read_params
from symptomeme.domain.pointer import read_live
from symptomeme.domain.writing import read_log

HEADINGS = ("task", "version", "variant", "aliases", "validation macro-F1", "test macro-F1", "data", "registered")
NONE_YET = "No version is registered yet: 'dvc repro' trains, evaluates and registers."


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verbs."""
    promote = verbs.add_parser("promote", help="let the challenger through the gate, or refuse it")
    promote.add_argument("--dry-run", action="store_true", help="judge only, move nothing")
    which = promote.add_mutually_exclusive_group()
    which.add_argument("--version", dest="number", metavar="N", help="judge this version in place of the challenger")
    told = "judge the challenger if it is this version, else nothing"
    which.add_argument("--if-challenger", dest="expected", metavar="N", help=told)
    rollback = verbs.add_parser("rollback", help="make the previous champion champion again")
    told = "only move the alias; a service goes on with what is live until 'symptomeme package'"
    for verb in (promote, rollback):
        verb.add_argument("--no-package", dest="package", action="store_false", help=told)
    decline = verbs.add_parser("decline", help="say no to a version, so that no gate lets it through unasked")
    decline.add_argument("number", metavar="VERSION")
    for verb, run in ((promote, run_promote), (rollback, run_rollback), (decline, run_decline)):
        verb.add_argument("--task", required=True, choices=TASKS)
        verb.add_argument("--by", metavar="NAME", help="who decides, for the log; default: the user")
        verb.set_defaults(run=run)
    models = verbs.add_parser("models", help="list all registered versions")
    models.set_defaults(run=run_models)
    for verb in (promote, rollback, decline, models):
        verb.add_argument("--json", action="store_true", help="print JSON")
    promotions = verbs.add_parser("promotions", help="print the promotion log")
    promotions.add_argument("--task", choices=TASKS, help="one task only")
    promotions.set_defaults(run=run_promotions)


def run_promote(arguments: argparse.Namespace) -> int:
    """Judge and, if all is met, promote and package; 0 also when it is refused.

    Raises:
        RegistryError: there is nothing to judge, or MLflow cannot be reached.
        ToolError: it is champion now, and could not be packaged.
    """
    from symptomeme.lifecycle.gate import promote

    with alone(f"promote@{arguments.task}"):
        found = promote(
            task_named(arguments.task),
            read_params(),
            dry_run=arguments.dry_run,
            number=arguments.number,
            expected=arguments.expected,
            by=arguments.by,
        )
    tell_torn()
    is_champion = found["promoted"] or (found["from"] == found["to"] and not found["dry_run"])
    if arguments.json:
        packaged = _package(found, wanted=arguments.package and is_champion)
        print(as_json({**found, "package": packaged}))
        return 0
    if found["criteria"]:
        done = "promoted" if found["promoted"] else "judged" if found["dry_run"] else "not promoted"
        print(f"{found['name']} {found['to']} {done} (champion before: {found['from'] or 'none'}): {found['reason']}")
        print(*_criteria(found["criteria"]), sep="\n")
        print(f"The test memes have been looked at {found['looks']} times.")
    else:
        print(f"{found['name']}: {found['reason']}.")
    _tell_package(_package(found, wanted=arguments.package and is_champion))
    return 0


def run_rollback(arguments: argparse.Namespace) -> int:
    """Go back to the previous champion, and package it.

    Raises:
        RegistryError: there is none, or it is not what was registered.
        ToolError: it is champion now, and could not be packaged.
    """
    from symptomeme.lifecycle.gate import rollback

    with alone(f"promote@{arguments.task}"):
        found = rollback(task_named(arguments.task), read_params(), by=arguments.by)
    tell_torn()
    if arguments.json:
        packaged = _package(found, wanted=arguments.package)
        print(as_json({**found, "package": packaged}))
        return 0
    print(f"{found['name']}: champion is {found['to']} again (before: {found['from'] or 'none'}).")
    _tell_package(_package(found, wanted=arguments.package))
    return 0


def run_decline(arguments: argparse.Namespace) -> int:
    """Log a person's no.

    Raises:
        RegistryError: there is no such version, or it is the champion.
    """
    from symptomeme.lifecycle.declining import decline

    with alone(f"promote@{arguments.task}"):
        found = decline(task_named(arguments.task), read_params(), arguments.number, by=arguments.by)
    tell_torn()
    told = f"{found['name']} {found['to']} is not to be promoted, by {found['by']}: {found['reason']}."
    print(as_json(found) if arguments.json else told)
    return 0


def run_models(arguments: argparse.Namespace) -> int:
    """Print all versions.

    Raises:
        RegistryError: MLflow cannot be reached.
    """
    from symptomeme.lifecycle.overview import models
    from symptomeme.lifecycle.results import columns

    found = models(read_params())
    tell_torn()
    _tell_not_served(found)
    if arguments.json:
        print(as_json(found))
    else:
        print(columns(HEADINGS, [_cells(row) for row in found]) if found else NONE_YET)
    return 0


def run_promotions(arguments: argparse.Namespace) -> int:
    """Print the log, oldest first, after what was done outside of it has been added."""
    from symptomeme.lifecycle.overview import settle_all

    try:
        settle_all(read_params())
    except (RegistryError, InputError) as error:  # MLflow is away, or another command holds the aliases
        print(f"symptomeme promotions: what stands in the log; it could not be compared: {error}", file=sys.stderr)
    tell_torn()
    rows, _ = read_log(PROMOTIONS)
    asked = [row for row in rows if row["kind"] != "intent" and arguments.task in (None, row["task"])]
    for row in asked:
        print(_line(row), *_criteria(row["criteria"]), sep="\n")
    if not asked:
        print(f"{PROMOTIONS} tells of no decision{' on ' + arguments.task if arguments.task else ''} yet.")
    return 0


def tell_torn() -> None:
    """Tell of lines of the log that a crash cut off."""
    for number in read_log(PROMOTIONS)[1]:
        print(f"{PROMOTIONS}:{number} is not whole: a crash cut it off. It is left out.", file=sys.stderr)


def _tell_not_served(rows: list[dict[str, Any]]) -> None:
    """Tell of champions that are not what is live, as after an interrupted promotion that was completed just now."""
    live = read_live(StatePaths().live)
    if live is None:
        return
    for row in rows:
        model = live.models.get(row["task"])
        if "champion" in row["aliases"] and (model is None or model.digest != row["digest"]):
            served = f"what is live is version {model.version}" if model else "nothing of this task is live"
            print(
                f"{row['name']} {row['version']} is champion, but {served}. Run 'symptomeme package'.", file=sys.stderr
            )


def _package(found: dict[str, Any], *, wanted: bool) -> dict[str, Any] | None:
    """What `symptomeme package` answers; None where it is not wanted, or nothing was ever packaged.

    Raises:
        ToolError: it failed, after the alias has moved.
    """
    if not wanted or not StatePaths().live.exists():
        return None
    from symptomeme.lifecycle.package import package_champions

    try:
        return package_champions(read_params()).told()
    except (SymptomemeError, OSError, KeyboardInterrupt) as error:
        told = (isinstance(error, OSError) and error.strerror) or str(error) or "interrupted"
        raise ToolError(
            f"the champion of {found['name']} is version {found['to']} now, but the service still answers with the old "
            f"models, for packaging failed: {told.rstrip('.')}. Mend that, then run 'symptomeme package'."
        ) from None


def _tell_package(packaged: dict[str, Any] | None) -> None:
    """Tell what is served."""
    if packaged is not None:
        print(f"{packaged['bento']} {'went' if packaged['moved'] else 'is'} live.")


def _line(row: dict[str, Any]) -> str:
    looks = f" [look {row['looks']} at the test memes]" if row["test_memes"] else ""
    return (
        f"{row['at']} {row['task']} {row['kind']}: {row['alias']} {row['from'] or 'none'} -> {row['to'] or 'none'}, "
        f"by {row['by']}: {row['reason']}{looks}"
    )


def _criteria(rows: list[dict[str, Any]]) -> list[str]:
    return [f"    {'met    ' if row['passed'] else 'NOT MET'} {row['name']}: {row['told']}" for row in rows]


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    def figure(name: str) -> str:
        return "-" if row[name] is None else f"{row[name]:.3f}"

    return (
        row["task"],
        row["version"],
        str(row["variant"]),
        ", ".join(row["aliases"]) or "-",
        figure("validation_macro_f1"),
        figure("test_macro_f1"),
        (row["data"] or "-")[:12],
        row["registered"],
    )
