"""The service under load, beside a plain FastAPI handler and `mlflow models serve` of the same model.

    python benchmarks/serving.py
    python benchmarks/serving.py --phases compare --seconds 30 --markdown

In the root of a project with something live (`symptomeme package`). Memes are drawn once, into .cache/. Each phase has
a server of its own, just started, and lasts as long as --seconds says:

load     the service, all tasks, words read: each number of callers, no repeats and every second request a repeat
compare  the service and both peers, one task, 8 callers, different memes, words read, two rounds in turns
forward  the service, 8 callers, words given: memes in a forward pass
lone     one caller, words given, in turns with a predictor without a service
limit    64 callers of a service that lets 16 wait

Callers send the next request when they have an answer; who is refused waits as Retry-After says, and asks
again. Processor time is
that of a server's whole process tree, ended children included, from the first request to the last answer. Memory is
the sum over the tree, shared pages once (PSS), four times a second. Ends with 0 whatever the verdicts.
"""

import argparse
import os
import shlex
import sys

import psutil
from measured_runs import commit
from report_tables import table
from serving_figures import HEAD, row
from serving_memes import drawn_memes
from serving_phases import Bench, Found

from symptomeme.cli.main import ENVIRONMENT
from symptomeme.domain.errors import SymptomemeError
from symptomeme.domain.labels import TASKS
from symptomeme.domain.layout import StatePaths
from symptomeme.domain.pointer import Live, read_live

PHASES = ("load", "compare", "forward", "limit", "lone")


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120, help="of each phase (default %(default)s)")
    parser.add_argument("--callers", type=int, nargs="+", default=[1, 8, 32], help="of load (default 1 8 32)")
    parser.add_argument("--memes", type=int, default=2000, help="different ones to send (default %(default)s)")
    parser.add_argument("--phases", nargs="+", choices=PHASES, default=PHASES, metavar="PHASE", help="default: all")
    parser.add_argument("--task", choices=TASKS, help="of compare and lone (default: the first that is live)")
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    if arguments.seconds <= 0 or arguments.memes < 1 or min(arguments.callers) < 1:
        parser.error("--seconds, --memes and --callers are above 0")
    return arguments


def what_is_live(task: str | None) -> Live:
    """What is served here.

    Raises:
        SystemExit: nothing, or nothing for this task.
    """
    place = StatePaths().live
    try:
        live = read_live(place)
    except SymptomemeError as error:
        raise SystemExit(str(error)) from None
    if live is None or (task or next(iter(live.models))) not in live.models:
        raise SystemExit(
            f"{place}: no model of {task or 'any task'} is live. Run 'symptomeme package' in the project's root."
        )
    return live


def report(phase: str, found: Found, *, markdown: bool) -> None:
    """Print what a phase shows."""
    print(f"\n{'### ' if markdown else ''}{phase}\n")
    if found.rows:
        print(table([HEAD, *map(row, found.rows)], markdown=markdown), end="\n\n")
    for line in [*found.lines, *map(str, found.verdicts)]:
        print(f"{'- ' if markdown else ''}{line}")
    print(flush=True)


def main() -> None:
    """Measure and print, phase by phase."""
    arguments = read_arguments()
    os.environ.update({**ENVIRONMENT, **os.environ})  # before torch: the same sums here as in the servers
    live = what_is_live(arguments.task)
    memes = drawn_memes(arguments.memes)
    models = ", ".join(f"{model.name} {model.version}" for model in live.models.values())
    print(f"Command: python {shlex.join(sys.argv)}, at commit {commit()}")
    print(f"{os.cpu_count()} cores, load average {psutil.getloadavg()[0]:.1f} before the start. Models: {models}.")
    task = arguments.task or next(iter(live.models))
    bench = Bench(memes, live, task, arguments.seconds, arguments.callers)
    verdicts = []
    for phase in PHASES:
        if phase in arguments.phases:
            found = getattr(bench, phase)()
            report(phase, found, markdown=arguments.markdown)
            verdicts += found.verdicts
    missed = [verdict for verdict in verdicts if verdict.short]
    print(f"{len(verdicts) - len(missed)} of {len(verdicts)} bounds hold.", *map(str, missed), sep="\n")


if __name__ == "__main__":
    main()
