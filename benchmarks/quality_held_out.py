"""The test memes, looked at once: profile `real` on text alone, seed by seed, beside the linear peers."""

from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from linear_peer import Indicators, linear_peers
from quality_cells import KEPT, kept
from rapidfuzz import fuzz, process
from report_tables import CONFIDENCE, RESAMPLES

from symptomeme.data.wording import normalise
from symptomeme.domain.digests import of_code, of_folder, of_value
from symptomeme.domain.labels import Task
from symptomeme.domain.params import Params
from symptomeme.evaluation.paired import paired_lines
from symptomeme.learning.batches import indicators
from symptomeme.learning.build import fresh_model, load_processor
from symptomeme.learning.fit import fit
from symptomeme.learning.frozen import freeze
from symptomeme.learning.predict import predict
from symptomeme.learning.predictions import examples_of, verdicts
from symptomeme.learning.stacking import stack
from symptomeme.stages.deciding import calibrate, validation_score
from symptomeme.stages.train import encoded

Rows = list[list[str]]
Flags = npt.NDArray[np.bool_]

NAME = "real, text only"


def held_out_rows(memes: pd.DataFrame, task: Task, params: Params, seeds: list[int]) -> Rows:
    """Macro- and weighted-F1 on test: of each seed, their mean, and its lead over each peer with paired intervals.

    Once for all test memes, and once for those whose words are near to those of no meme of another part.
    """
    test = (memes.split == "test").to_numpy()
    claimed = {NAME: [_claimed(memes, task, params, seed) for seed in seeds]}
    peers = linear_peers(memes, task, cache=KEPT / "peers")
    claimed |= {peer: [found.claimed[test]] for peer, found in peers.items()}
    truth = indicators(memes.labels[test], task)
    far = ~near(memes.text[test].tolist(), memes.text[~test].tolist(), at_least=params.ingest.text_similarity)
    return [
        ["test", "figure", "seeds", "mean [95%]"],
        *_rows(truth, claimed, f"{len(far)} memes"),
        *_rows(
            truth[far],
            {name: [found[far] for found in each] for name, each in claimed.items()},
            f"{far.sum()} with no near text",
        ),
    ]


def near(texts: list[str], others: list[str], *, at_least: float) -> Flags:
    """Which texts have one among the others that is so similar, as `ingest` compares texts."""
    left, right = ([normalise(text) for text in each] for each in (texts, others))
    right = [text for text in right if text]  # two without words are not alike
    best = [process.extractOne(text, right, scorer=fuzz.ratio, score_cutoff=100 * at_least) for text in left]
    return np.array([found is not None for found in best])


def _rows(truth: Indicators, claimed: dict[str, list[Indicators]], what: str) -> Rows:
    lines = paired_lines(
        truth,
        claimed,
        [(NAME, peer) for peer in claimed if peer != NAME],
        resamples=RESAMPLES,
        confidence=CONFIDENCE,
        seed=0,
    )
    return [
        [
            f"{what}: {line.name}",
            line.figure,
            " ".join(f"{seed.value:.3f}" for seed in line.seeds),
            f"{line.mean.value:.3f} [{line.mean.low:.3f}, {line.mean.high:.3f}]",
        ]
        for line in lines
    ]


def _claimed(memes: pd.DataFrame, task: Task, params: Params, seed: int) -> Indicators:
    """What the model of a seed claims of the test memes, bool (N, C)."""
    rows = memes[["key", "text", "labels", "split"]].to_numpy().tolist()
    code = of_code(["torch", "transformers", "accelerate"])
    encoder, threads = of_folder(Path(params.model.text_encoder)), torch.get_num_threads()
    options = [params.model.model_dump(exclude={"text_encoder", "vision_encoder"}), params.train.model_dump()]
    digest = of_value([task.name, rows, encoder, *options, seed, threads, code])
    return kept(digest, partial(_trained, memes, task, params, seed, digest)).astype(bool)


def _trained(memes: pd.DataFrame, task: Task, params: Params, seed: int, digest: str) -> Indicators:
    """As stage train does, then evaluate."""
    options = params.train
    processor = load_processor(params.model)
    processor.ngrams = options.linear_strength is not None
    model = fresh_model(task, params.model, separator=processor.separator, seed=seed, image=False)
    freeze(model, options)
    train, val = (encoded(model, memes[memes.split == split], task, processor) for split in ("train", "val"))
    fit(
        model,
        train,
        loss_of=lambda network, batch: network(**batch).loss,
        score=lambda: validation_score(predict(model, val), val, thresholds=options.thresholds),
        options=options,
        patience=options.patience,
        seed=seed,
        checkpoint=KEPT / "checkpoints" / digest,
        what=f"seed {seed}",
    )
    if options.linear_strength is not None:
        processor.ngrams = stack(model, train, val, strength=options.linear_strength) > 0
    calibrate(model, predict(model, val), val, options)
    test = examples_of(model, processor, memes[memes.split == "test"], task)
    return verdicts(model.config, predict(model, test)).claimed
