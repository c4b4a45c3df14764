"""int8 beside fp32: how many answers stay the same, how much sooner they come, and why each meme is run by itself.

    python benchmarks/runtimes.py                       # every task and variant in params.yaml
    python benchmarks/runtimes.py anxiety --markdown

Reads what `dvc repro` left in artifacts/ and writes nothing there: the weights of each model are quantized as `train`
does with `train.runtime: int8`, whatever params.yaml says. Agreement is over the validation memes, as `train` counts
it. Times are processor milliseconds a meme of forward passes on `base.threads` threads, the median over passes in which
all take turns on the same memes: alone, and eight together. *Batched* is what int8 would be if memes went through it
together. The last two columns tell by how much a probability changes at most between a meme alone and among sixteen.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from statistics import median
from time import process_time

import onnxruntime
import torch
from report_tables import table

from symptomeme.domain.labels import TASKS, Task
from symptomeme.domain.layout import task_paths
from symptomeme.domain.params import read_params
from symptomeme.learning.batches import Batch, Encoded, encode, read_memes
from symptomeme.learning.build import prepare_torch
from symptomeme.learning.int8 import agreeing, quantized
from symptomeme.learning.predict import predict
from symptomeme.models.config import SymptomConfig
from symptomeme.models.encoders import load_classifier
from symptomeme.models.outputs import calibrated
from symptomeme.models.processor import SymptomProcessor
from symptomeme.models.runtime import OUTPUTS, Int8Classifier, Runtime

COMPANY = 16
SIZES = (1, 8)  # memes a pass that is timed
WARM = 2  # passes that do not count

WAYS = ("fp32", "int8", "int8 batched")
HEADER = [
    *("task", "variant", "memes", "agreement"),
    *(f"{way}, {size} at a time, ms" for size in SIZES for way in WAYS),
    *(f"{way}, change among {COMPANY}" for way in WAYS[1:]),
]

Way = Callable[..., torch.Tensor]  # from a model's inputs for B memes to logits (B, C)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=", ".join(TASKS))
    parser.add_argument("--passes", type=int, default=40, help="that are timed of each kind")
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    params = read_params()
    prepare_torch(threads=params.base.threads)
    names = arguments.tasks or params.tasks
    rows = [compared(TASKS[task], variant, passes=arguments.passes) for task in names for variant in params.variants]
    print(table([HEADER, *rows], markdown=arguments.markdown))
    return 0


def compared(task: Task, variant: str, *, passes: int) -> list[str]:
    """The row of one model."""
    folder = task_paths(task.name).variant(variant).model
    exact, processor = load_classifier(folder).eval(), SymptomProcessor.from_pretrained(folder)
    config = exact.config
    memes = read_memes(task)
    val = memes[memes.split == "val"].reset_index(drop=True)
    encoded = encode(val, task, processor, text=config.text, image=config.image, reasoning=config.reasoning)
    network = quantized(exact, encoded.collate([0]))
    small = Int8Classifier(network, config)
    same = agreeing(predict(exact, encoded), predict(small, encoded), config)
    ways = [logits_of(exact), logits_of(small), batched(network)]
    times = [found for size in SIZES for found in milliseconds(ways, encoded, size=size, passes=passes)]
    changes = [change(way, encoded, config) for way in ways[1:]]
    return [
        *(task.name, variant, f"{len(same)}", f"{100 * same.mean():.1f}%"),
        *(f"{found:.1f}" for found in times),
        *(f"{found:.1g}" for found in changes),
    ]


def logits_of(model: Runtime) -> Way:
    """A model's logits alone."""
    return lambda **batch: model(**batch).logits


def batched(network: bytes) -> Way:
    """The network without what `Int8Classifier` does about batches."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])

    def run(**batch: torch.Tensor) -> torch.Tensor:
        logits, _ = session.run(OUTPUTS, {name: tensor.numpy() for name, tensor in batch.items()})
        return torch.from_numpy(logits)

    return run


def milliseconds(ways: Sequence[Way], memes: Encoded, *, size: int, passes: int) -> list[float]:
    """Processor milliseconds a meme of each way, which take turns."""
    took: list[list[float]] = [[] for _ in ways]
    with torch.inference_mode():
        for number, batch in enumerate(islice(batches(memes, size), WARM + passes)):
            for way, own in zip(ways, took, strict=True):
                begun = process_time()
                way(**batch)
                if number >= WARM:
                    own.append(1000 * (process_time() - begun) / size)
    return [median(own) for own in took]


def batches(memes: Encoded, size: int) -> Iterator[Batch]:
    """Memes in their order, again and again."""
    start = 0
    while True:
        yield inputs(memes, [at % len(memes) for at in range(start, start + size)])
        start += size


def change(way: Way, memes: Encoded, config: SymptomConfig) -> float:
    """The largest change of a probability between a meme alone and among others."""
    largest = 0.0
    for start in range(0, len(memes) - COMPANY + 1, COMPANY):
        members = list(range(start, start + COMPANY))
        alone = torch.cat([way(**inputs(memes, [at])) for at in members])
        together = way(**inputs(memes, members))
        largest = max(largest, float((calibrated(alone, config) - calibrated(together, config)).abs().max()))
    return largest


def inputs(memes: Encoded, indices: list[int]) -> Batch:
    """What a model takes of these memes."""
    return {name: tensor for name, tensor in memes.collate(indices).items() if name != "labels"}


if __name__ == "__main__":
    raise SystemExit(main())
