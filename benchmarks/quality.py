"""Ideas for better classifiers of real texts, scored out of fold; test memes take no part.

    python benchmarks/quality.py fit anxiety --annotations anxiety_train.json --others depression_train.json
    python benchmarks/quality.py table anxiety --annotations anxiety_train.json
    python benchmarks/quality.py test anxiety --annotations anxiety_train.json --seeds 1 2 3

`fit` keeps each fold of each idea under .cache/benchmarks/quality/; started again, it goes on. `test` trains profile
`real` as it is now: look at it once, after the search.
"""

import argparse
import re
import sys
from pathlib import Path

import pandas as pd
import yaml
from quality_cells import linear, neural
from quality_held_out import held_out_rows
from quality_ideas import IDEAS
from quality_table import rows
from quality_texts import read_texts, searched
from quality_training import Idea
from report_tables import table

from symptomeme.domain.errors import SymptomemeError
from symptomeme.domain.labels import TASKS
from symptomeme.domain.params import Params, check_params
from symptomeme.learning.build import prepare_torch

PROFILE = Path(__file__).parents[1] / "profiles" / "real.yaml"


def main() -> None:
    """Fit ideas, or print what they reach."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["fit", "table", "test"])
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--annotations", nargs="+", type=Path, required=True, metavar="FILE")
    parser.add_argument("--others", nargs="+", type=Path, default=[], metavar="FILE", help="those of the other task")
    parser.add_argument("--ideas", nargs="+", choices=["linear", *IDEAS], help="all that can be tried here")
    parser.add_argument("--most", type=int, help="memes that the search looks at; all")
    parser.add_argument("--seeds", nargs="+", type=int, default=[42], help="the search takes the first")
    parser.add_argument("--threads", type=int, default=2, help="of torch; another number gives other last digits")
    parser.add_argument("--set", nargs="+", default=[], metavar="SECTION.KEY=VALUE", help="in place of the profile's")
    arguments = parser.parse_args()
    task = TASKS[arguments.task]
    every = read_texts(task, arguments.annotations)
    other = next(found for found in TASKS.values() if found != task)
    others = searched(read_texts(other, arguments.others), None) if arguments.others else None
    names = arguments.ideas or ["linear", *(name for name in IDEAS if lacks(name, every, others) is None)]
    if missing := next(filter(None, (lacks(name, every, others) for name in names)), None):
        sys.exit(missing)
    memes, seed = searched(every, arguments.most), arguments.seeds[0]
    params = _params(arguments.set)
    prepare_torch(threads=arguments.threads)
    if arguments.verb == "fit":
        for name in names:
            if name == "linear":
                linear(memes, task)
            else:
                neural(memes, task, params, name, IDEAS[name], others=others, seed=seed)
    elif arguments.verb == "test":
        print(table(held_out_rows(every, task, params, arguments.seeds), markdown=True))
    else:
        ideas = ["baseline", *(name for name in names if name not in ("linear", "baseline"))]
        print(table(rows(memes, task, params, ideas, others=others, seed=seed), markdown=True))


def lacks(name: str, memes: pd.DataFrame, others: pd.DataFrame | None) -> str | None:
    """What an idea needs that is not there, and where it comes from."""
    idea = IDEAS.get(name, Idea())
    if idea.beside and others is None:
        return f"{name}: no memes of the other task. Give annotations of them as --others FILE."
    if idea.reasoning and (without := int((memes.reasoning == "").sum())):
        return f"{name}: {without} of {len(memes)} memes have no reasoning. Give annotations in which all have it."
    return None


def _params(changes: list[str]) -> Params:
    """Those of profile `real`, with what is set of them."""
    found = yaml.safe_load(PROFILE.read_text(encoding="utf-8"))
    for change in changes:
        parts = re.fullmatch(r"(\w+)\.(\w+)=(.*)", change)
        if parts is None or parts[1] not in found:
            sys.exit(f"--set {change}: expected SECTION.KEY=VALUE of profile real, such as train.epochs=3")
        found[parts[1]][parts[2]] = yaml.safe_load(parts[3])
    return check_params(found, where="profile real, with what --set changes")


if __name__ == "__main__":
    try:
        main()
    except SymptomemeError as error:
        sys.exit(str(error))
