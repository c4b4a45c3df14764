"""`symptomeme monitor --task T`: whether new memes and requests are still like the champion's validation memes."""

import argparse
from pathlib import Path
from typing import Any

from symptomeme.cli.output import as_json
from symptomeme.domain.labels import TASKS, task_named
from symptomeme.domain.params import read_params

ALARM = 3
"""Exit code of an alarm: neither success nor a fault."""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `monitor`."""
    verb = verbs.add_parser(
        "monitor",
        help="compare new memes and requests with the champion's validation memes",
        description="Compare the memes imported since the champion was trained, and recent requests, with its "
        f"reference. Exit code {ALARM}: an alarm, unless --json is given; 0: none.",
    )
    verb.add_argument("--task", required=True, choices=TASKS)
    verb.add_argument("--requests", type=_days, metavar="DAYS", help="how many days; default: monitor.request_days")
    verb.add_argument(
        "--memes",
        type=Path,
        metavar="FOLDER_OR_PARQUET",
        help="pictures, or a table with their paths in a column `image`, in place of the newest import",
    )
    verb.add_argument("--out", type=Path, metavar="DIR", help="folder of the pages; default: reports/monitor/TASK")
    verb.add_argument("--json", action="store_true", help="print all of it as JSON, and exit with 0 on an alarm too")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compare, and tell."""
    from symptomeme.lifecycle.monitoring import monitor

    params = read_params()
    result = monitor(
        task_named(arguments.task),
        params,
        memes=arguments.memes,
        days=arguments.requests or params.monitor.request_days,
        out=arguments.out,
    )
    if arguments.json:
        print(as_json(result))
        return 0
    print(told(result))
    return ALARM if result["alarm"] else 0


def told(result: dict[str, Any]) -> str:
    """A result for people."""
    name = f"{result['model']} {result['model_version']}"
    against = f"{result['reference_rows']} validation memes"
    if result["reference_texts"]:
        against += f" and the texts of {result['reference_texts']} training memes"
    lines = [f"{name}: {'ALARM' if result['alarm'] else 'no alarm'}, against {against}"]
    for source, batch in result["batches"].items():
        lines.append(f"  {source}: {batch['rows']} row{'s' * (batch['rows'] != 1)}, {batch['told']}")
        lines += [f"    left out: {count} {reason}" for reason, count in batch["left_out"].items()]
        for found in result["criteria"]:
            if found["source"] == source:
                where = f" ({found['where']})" if found["where"] else ""
                mark = "ALARM " if found["alarm"] else ""
                lines.append(
                    f"    {found['name'] + where:<40}{found['value']:.3f}, bound {found['bound']:.3f} {mark}".rstrip()
                )
    return "\n".join([*lines, f"  {result['report']}"])


def _days(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days; expected 1 or more")
    return int(text)
