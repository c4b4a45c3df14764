"""`symptomeme demo`: the whole way on drawn sample memes; `symptomeme results`: the closing table."""

import argparse
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import yaml

from symptomeme.domain.errors import InputError
from symptomeme.domain.labels import TASKS
from symptomeme.domain.layout import DATA, WEIGHTS, dataset_paths
from symptomeme.domain.params import read_params

POINTER = Path("data.dvc")
SAMPLE = "bc31f0044dfd76182c16f2f38dc1f705.dir"
"""What the tracked data.dvc says: the sample as this version draws it. Another Pillow may draw other bytes."""

NEXT = """
Next:
  symptomeme classify {picture}
  dvc metrics show
  dvc plots show                    (then open dvc_plots/index.html)
  mlflow server --backend-store-uri sqlite:///mlruns.db --host 127.0.0.1
  your own archives (docs/data.md):
    rm -r data/axiom data/restore
    symptomeme import-data anxiety ARCHIVE
    symptomeme params use real
"""


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
    from symptomeme.lifecycle.reproduce import dvc_output, reproduce

    start = perf_counter()
    refuse_other_data()
    if not _is_there():
        make_sample()
    elif dvc_output("status", "--json", "data.dvc").strip() != "{}":
        print("data/ is not what data.dvc says: going on with data/. For the sample as it was: rm -r data")
    reproduce(read_params().tasks)
    read = print_results(argparse.Namespace(json=False))
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


def refuse_other_pointer() -> None:
    """Leave a data.dvc alone that is not the sample's, whether or not what it stands for is here.

    Raises:
        InputError: it stands for other data.
    """
    if not POINTER.exists():
        return
    try:
        found = yaml.safe_load(POINTER.read_text(encoding="utf-8"))["outs"][0]["md5"]
    except (yaml.YAMLError, UnicodeDecodeError, LookupError, TypeError):
        found = "what DVC did not write"
    if found != SAMPLE:
        raise InputError(
            f"{POINTER} stands for other data than the sample ({found}, not {SAMPLE}), and not all of it is in data/; "
            f"the demo leaves it alone. Run 'dvc pull' or 'dvc checkout data' for it, delete {POINTER} for the sample, "
            "or run the demo in another clone."
        )


def make_sample() -> None:
    """Draw the sample, import it, write its encoders, put all under DVC.

    Raises:
        InputError: data.dvc stands for other data.
    """
    from symptomeme.cli.import_data import SEED, VAL_SHARE
    from symptomeme.data.importing import import_archives
    from symptomeme.data.placing import Placing
    from symptomeme.lifecycle.reproduce import dvc
    from symptomeme.sample.encoders import write_sample_encoders
    from symptomeme.sample.make import make_sample as draw_sample

    refuse_other_pointer()
    folder = TemporaryDirectory(prefix=".sample-", dir=Path.cwd())
    scratch = Path(folder.name) / "drawn"
    draw_sample(scratch)
    params = read_params().ingest
    placing = Placing(
        val_share=VAL_SHARE, seed=SEED, phash_distance=params.phash_distance, text_similarity=params.text_similarity
    )
    for task in TASKS.values():
        shutil.rmtree(dataset_paths(task.dataset).root, ignore_errors=True)
        import_archives(task, [scratch / task.name], placing, add=False)
    folder.cleanup()
    for encoder in _ENCODERS:
        shutil.rmtree(encoder, ignore_errors=True)
    write_sample_encoders(WEIGHTS)
    dvc("add", "--quiet", str(DATA))


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
    return all(path.exists() for path in [*found, *_ENCODERS])


_ENCODERS = (WEIGHTS / "text", WEIGHTS / "vision")
