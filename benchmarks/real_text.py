"""The graph on real texts: time, character error, and F1 of the variants beside a linear peer on the same text.

    python benchmarks/real_text.py run anxiety --seeds 1 2 3
    python benchmarks/real_text.py report anxiety --markdown

`run` needs a project whose data/ holds the task, and can be ended and started again. `report` reads what it kept.
"""

import argparse
import shlex
import sys
from collections.abc import Sequence

from kept_runs import KEPT, commits_told, kept_runs, memes_of
from linear_peer import linear_peers
from measured_runs import commit, measure
from report_tables import CONFIDENCE, RESAMPLES, error_rows, score_rows, stage_rows, table

from symptomeme.domain.errors import SymptomemeError
from symptomeme.domain.labels import TASKS, Task


def report(task: Task, seeds: Sequence[int] | None, *, markdown: bool) -> None:
    """Print all tables."""
    runs = kept_runs(task, seeds)
    folders, told = list(runs), list(runs.values())
    memes = memes_of(folders[0])
    variants = [
        name for name in told[0]["made_of"]["variants"] if all(name in run["made_of"]["variants"] for run in told)
    ]
    peers = linear_peers(memes, task, cache=KEPT / task.name / "peers")
    head = "\n### " if markdown else "\n"
    print(f"Command: python {shlex.join(sys.argv)}, at commit {commit()}")
    for run in told:
        print(f"Seed {run['seed']}: {commits_told(run)}, params {run['made_of']['params'][:12]}", end=". ")
        print(f"data {run['made_of']['data'][:12]}.")
    print(f"Memes: {memes.split.value_counts().to_dict()}. Text: {', '.join(sorted(set(memes.engine)))}.")
    print(f"{head}Stages of {task.title}\n\n{table(stage_rows(told), markdown=markdown)}")
    print("\nSeconds are of `dvc repro --single-item`: start, imports, validation and hashing included.")
    mask = bool(told[0].get("masked"))  # unknown of what was kept before this was noted
    print(f"{head}Words read\n\n{table(error_rows(memes, task, mask=mask), markdown=markdown)}")
    print(f"\nAgainst the given texts, {'masked as the read ones are' if mask else 'not masked'}.")
    print(f"{head}Linear peers, TF-IDF of words (1-2) and characters (2-5) with logistic regression\n")
    chosen = [
        [name, f"{peer.strength:g}", f"{peer.class_weight}", f"{peer.validation:.3f}"] for name, peer in peers.items()
    ]
    print(table([["decision", "C", "class weights", "macro-F1 on validation"], *chosen], markdown=markdown))
    for title, rows in score_rows(folders, memes, task, variants, peers):
        print(f"{head}{title}\n\n{table(rows, markdown=markdown)}")
    print(f"\nIn brackets: {CONFIDENCE:.0%} intervals of {RESAMPLES} resamples of memes, the same for all and paired.")


def main() -> None:
    """Run or report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run", help="run the graph for each seed and keep what it leaves")
    run.add_argument("--variants", nargs="+", default=["fusion", "text_only"], metavar="NAME")
    run.add_argument("--register", action="store_true", help="register each seed's variants too")
    told = verbs.add_parser("report", help="print time, character error, F1 and differences")
    told.add_argument("--markdown", action="store_true")
    for verb in (run, told):
        verb.add_argument("task", choices=TASKS)
    run.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    told.add_argument("--seeds", nargs="+", type=int, help="all that were measured")
    arguments = parser.parse_args()
    task = TASKS[arguments.task]
    if arguments.verb == "run":
        try:
            measure(task, arguments.seeds, arguments.variants, register=arguments.register)
        except SymptomemeError as error:
            raise SystemExit(str(error)) from None
        except KeyboardInterrupt:
            raise SystemExit("Interrupted; run it again to go on.") from None
    else:
        report(task, arguments.seeds, markdown=arguments.markdown)


if __name__ == "__main__":
    main()
