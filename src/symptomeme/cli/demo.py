"""`symptomeme demo`: the whole way on drawn sample memes; `symptomeme results`: the closing table."""

import argparse
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from symptomeme.cli.next_steps import ENCODERS, follow, own_memes
from symptomeme.cli.sample_guard import refuse_other_data, refuse_other_pointer, refuse_other_weights
from symptomeme.domain.errors import InputError
from symptomeme.domain.labels import TASKS, Task
from symptomeme.domain.layout import DATA, dataset_paths
from symptomeme.domain.params import read_params
from symptomeme.domain.writing import replacing

if TYPE_CHECKING:
    from symptomeme.data.importing import Imported
    from symptomeme.sample.archive import Drawn

LOOK = (
    "source .venv/bin/activate         (the environment of make demo)",
    "symptomeme classify {picture}",
    "symptomeme results                (this table again)",
    "dvc plots show                    (then open dvc_plots/index.html)",
    "mlflow server --backend-store-uri sqlite:///mlruns.db --host 127.0.0.1",
)
"""What to do with a finished run of the sample."""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `demo` and `results`."""
    demo = verbs.add_parser("demo", help="draw the sample, run the graph on it, print the closing table")
    demo.set_defaults(run=run)
    results = verbs.add_parser("results", help="print the closing table of the last run")
    results.add_argument("--json", action="store_true", help="print each new model's figures beside the champion's")
    results.set_defaults(run=print_results)


def run(_: argparse.Namespace) -> int:
    """Run the demonstration.

    Raises:
        InputError: data/ holds something else than the sample.
    """
    from symptomeme.lifecycle.lock_file import MENDED, mend_lock_file
    from symptomeme.lifecycle.reproduce import dvc_output, reproduce

    start = perf_counter()
    refuse_other_data()
    if mend_lock_file(Path.cwd()):
        print(MENDED)
    if not _is_there():
        make_sample()
    elif dvc_output("status", "--json", "data.dvc").strip() != "{}":
        print("data/ is not what data.dvc says: going on with data/. For the sample as it was: rm -r data")
    params = read_params()
    reproduce(params.tasks)
    read = print_results(argparse.Namespace(json=False))
    picture = min(dataset_paths("axiom").images("test").iterdir())
    print("", follow(LOOK).format(picture=picture), sep="\n")
    print("For your own archives (docs/data.md):", *(f"  {step}" for step in own_memes(params)), "", sep="\n")
    print(f"Demo: {perf_counter() - start:.0f} s.")
    return read


def make_sample() -> None:
    """Draw the sample, import it, write its encoders, put all under DVC.

    Raises:
        InputError: data.dvc stands for other data, or data/weights holds other encoders.
    """
    from symptomeme.cli.import_data import SEED, VAL_SHARE
    from symptomeme.data.importing import import_archives
    from symptomeme.data.placing import Placing
    from symptomeme.lifecycle.reproduce import dvc
    from symptomeme.sample.encoders import write_sample_encoders
    from symptomeme.sample.make import make_sample as draw_sample

    refuse_other_pointer()
    params = read_params().ingest
    placing = Placing(
        val_share=VAL_SHARE, seed=SEED, phash_distance=params.phash_distance, text_similarity=params.text_similarity
    )
    with TemporaryDirectory(prefix=".sample-", dir=Path.cwd()) as folder:
        drawn, encoders = Path(folder) / "drawn", Path(folder) / "encoders"
        write_sample_encoders(encoders)
        refuse_other_weights(encoders)
        memes = draw_sample(drawn)
        for task in TASKS.values():
            shutil.rmtree(dataset_paths(task.dataset).root, ignore_errors=True)
            print(imported(task, memes[task.name], import_archives(task, [drawn / task.name], placing, add=False)))
        for encoder in ENCODERS:
            if not encoder.exists():
                with replacing(encoder) as beside:
                    shutil.copytree(encoders / encoder.name, beside)
    dvc("add", "--quiet", str(DATA))


def imported(task: Task, drawn: "Drawn", taken: "Imported") -> str:
    """How many memes of a task were drawn, how many of them are in data/, and why not all."""
    why = "".join(f"; {reason}: {len(names)}" for reason, names in taken.left_out.reasons())
    return f"{task.name}: {sum(drawn.splits.values())} memes drawn, {taken.sizes.total()} imported{why}"


def print_results(arguments: argparse.Namespace) -> int:
    """Print the closing table.

    Raises:
        InputError: nothing has been registered yet.
    """
    from symptomeme.lifecycle.results import checked, results, table

    params = read_params()
    if arguments.json:
        from symptomeme.lifecycle.comparison import against_champion

        print(json.dumps({"rows": [row._asdict() for row in against_champion(params)]}, indent=2))
        return 0
    rows = results(params)
    if not rows:
        raise InputError("no variant has been evaluated and registered yet. Run 'dvc repro'.")
    print(table(rows))
    print(*checked(params), sep="\n")
    return 0


def _is_there() -> bool:
    """Whether the memes of both tasks and the encoders are there."""
    found = [dataset_paths(task.dataset).source for task in TASKS.values()]
    return all(path.exists() for path in [*found, *ENCODERS])
