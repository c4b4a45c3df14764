"""Contrastive pre-alignment of the text and image encoders; retrieval on held-out pairs before and after."""

from dataclasses import replace
from typing import cast

import pandas as pd
from torch import Tensor, nn

from symptomeme.domain.digests import of_code, of_file, of_folder, of_value
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import TRAINING_PARAMS, TaskPaths, cache, task_paths
from symptomeme.domain.params import BaseParams, ModelParams, PrealignParams
from symptomeme.domain.writing import replacing, write_json
from symptomeme.evaluation.bootstrap import paired_difference
from symptomeme.learning.batches import Batch, encode, read_memes, with_reasoning
from symptomeme.learning.build import encoder_folders, fresh_model, load_processor, prepare_torch
from symptomeme.learning.fit import Curve, computed_with, fit, is_main_process
from symptomeme.learning.frozen import freeze, remember
from symptomeme.learning.predict import Embeddings, embed
from symptomeme.learning.retrieval import hits
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.losses import nt_xent

RESAMPLES, CONFIDENCE = 2000, 0.95


def run(task: Task, base: BaseParams, model_params: ModelParams, options: PrealignParams) -> None:
    """Align the encoders on the training memes and save them as a model folder."""
    prepare_torch(threads=base.threads)
    paths = task_paths(task.name)
    processor = load_processor(model_params)
    model = fresh_model(task, model_params, separator=processor.separator, seed=base.seed)
    freeze(model, options)
    memes = read_memes(task)
    reasoning = model.config.reasoning = with_reasoning(memes)
    train, val, held_out = (
        remember(model, encode(memes[chosen], task, processor, text=True, image=True, reasoning=reasoning))
        for chosen in (
            memes.split == "train",
            memes.split == "val",
            ~memes.cluster.isin(memes.cluster[memes.split == "train"]),
        )
    )
    before = embed(model, held_out)
    curve = fit(
        model,
        replace(train, augmentation=options.augmentation),
        loss_of=alignment_loss,
        score=lambda: {"score": round(float(hits(embed(model, val), k=5).mean()), 6)},
        options=options,
        patience=None,
        seed=base.seed,
        checkpoint=cache("prealign", _key(paths, model_params, options, base)),
        what="prealign",
    )
    if not is_main_process():
        return
    with replacing(paths.aligned) as beside:
        model.save_pretrained(beside)
        processor.save_pretrained(beside)
        sections = {"base": base, "model": model_params, "prealign": options}
        write_json(beside / TRAINING_PARAMS, {name: section.model_dump() for name, section in sections.items()})
    write_curve(paths, curve)
    write_json(paths.retrieval, retrieval(before, embed(model, held_out), seed=base.seed))


def alignment_loss(model: nn.Module, batch: Batch) -> Tensor:
    """Contrastive loss between texts and pictures of a batch: a scalar."""
    classifier = cast(SymptomClassifier, model)
    text, image = classifier.alignment(**{name: tensor for name, tensor in batch.items() if name != "labels"})
    config = classifier.config
    return nt_xent(text, image, temperature=config.contrastive_temperature, masking=config.contrastive_masking)


def retrieval(before: Embeddings, after: Embeddings, *, seed: int) -> dict[str, object]:
    """Recall at 1 and 5 before and after, and the gain with its paired bootstrap interval."""
    told: dict[str, object] = {"pairs": len(before.text)}
    for k in (1, 5):
        first, second = hits(before, k=k), hits(after, k=k)
        gain = paired_difference(second, first, resamples=RESAMPLES, confidence=CONFIDENCE, seed=seed)
        told[f"recall_at_{k}"] = {
            "before": round(float(first.mean()), 6),
            "after": round(float(second.mean()), 6),
            "gain": {name: round(value, 6) for name, value in gain._asdict().items()},
        }
    return told


def write_curve(paths: TaskPaths, curve: Curve) -> None:
    """Write the learning curve as CSV."""
    with replacing(paths.alignment_curves) as beside:
        pd.DataFrame(curve, columns=["epoch", "train_loss", "score"]).to_csv(beside, index=False)


def _key(paths: TaskPaths, model: ModelParams, options: PrealignParams, base: BaseParams) -> str:
    files = [of_file(table) for table in (paths.valid, paths.texts, paths.reasoning)]
    folders = [of_folder(folder) for folder in encoder_folders(model)]
    sections = [model.model_dump(), options.model_dump(), base.model_dump()]
    code = of_code(["torch", "transformers", "accelerate"])
    return of_value([files, folders, sections, computed_with(options), code])
