"""`symptomeme demo`: the whole way on drawn sample memes; `symptomeme results`: the closing table."""

import argparse
import json
import shutil
from pathlib import Path
from time import perf_counter

from symptomeme.domain.errors import InputError
from symptomeme.domain.labels import TASKS
from symptomeme.domain.layout import DATA, WEIGHTS, dataset_paths
from symptomeme.domain.params import read_params

NEXT = """
Next:
  symptomeme classify {picture}
  dvc metrics show
  dvc plots show                    (then open dvc_plots/index.html)
  mlflow server --backend-store-uri sqlite:///mlruns.db --host 127.0.0.1
  your own archives: rm -r data, then  symptomeme import-data anxiety ARCHIVE  (docs/data.md)
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `demo` and `results`."""
    demo = verbs.add_parser("demo", help="draw the sample, run the graph on it, print the closing table")
    demo.set_defaults(run=run)
    verbs.add_parser("results", help="print the closing table of the last run").set_defaults(run=print_results)


def run(_: argparse.Namespace) -> int:
    """Run the demonstration.

    Raises:
        InputError: data/ holds something else than the sample.
    """
    from symptomeme.lifecycle.reproduce import reproduce

    start = perf_counter()
    refuse_other_data()
    if not _is_whole():
        make_sample()
    reproduce(read_params().tasks)
    read = print_results(argparse.Namespace())
    picture = min(dataset_paths("axiom").images("test").iterdir())
    print(NEXT.format(picture=picture))
    print(f"Demo: {perf_counter() - start:.0f} s.")
    return read


def refuse_other_data() -> None:
    """Leave a data/ alone that is not the sample.

    Raises:
        InputError: a data set in it is of another kind.
    """
    for task in TASKS.values():
        source = dataset_paths(task.dataset).source
        root = dataset_paths(task.dataset).root
        kind = json.loads(source.read_text(encoding="utf-8"))["kind"] if source.is_file() else "unknown"
        if root.exists() and kind != "sample":
            raise InputError(
                f"{root} holds {kind} data, not the sample; the demo leaves it alone. "
                "Run 'dvc repro' on it, or run the demo in another clone."
            )


def make_sample() -> None:
    """Draw the sample, import it, write its encoders, put all under DVC."""
    from symptomeme.cli.import_data import SEED, VAL_SHARE
    from symptomeme.data.importing import import_archives
    from symptomeme.data.placing import Placing
    from symptomeme.lifecycle.reproduce import dvc
    from symptomeme.sample.encoders import write_sample_encoders
    from symptomeme.sample.make import make_sample as draw_sample

    scratch = Path("sample")
    shutil.rmtree(scratch, ignore_errors=True)
    draw_sample(scratch)
    params = read_params().ingest
    placing = Placing(
        val_share=VAL_SHARE, seed=SEED, phash_distance=params.phash_distance, text_similarity=params.text_similarity
    )
    for task in TASKS.values():
        shutil.rmtree(dataset_paths(task.dataset).root, ignore_errors=True)
        import_archives(task, [scratch / task.name], placing, add=False)
    shutil.rmtree(WEIGHTS, ignore_errors=True)
    write_sample_encoders(WEIGHTS)
    shutil.rmtree(scratch)
    dvc("add", "--quiet", str(DATA))


def print_results(_: argparse.Namespace) -> int:
    """Print the closing table.

    Raises:
        InputError: nothing has been registered yet.
    """
    from symptomeme.lifecycle.results import results, table

    rows = results(read_params())
    if not rows:
        raise InputError("no variant has been evaluated and registered yet. Run 'dvc repro'.")
    print(table(rows))
    return 0


def _is_whole() -> bool:
    """Whether data/ is there and is what data.dvc says."""
    from symptomeme.lifecycle.reproduce import dvc_output

    there = all(dataset_paths(task.dataset).source.is_file() for task in TASKS.values())
    return there and dvc_output("status", "--json", "data.dvc").strip() == "{}"
