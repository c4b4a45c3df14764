"""One ablation of the study: a variant of the model, trained with one seed; only its predictions are kept."""

import pandas as pd

from symptomeme.domain.ablation_params import AblationParams, changed
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import task_paths
from symptomeme.domain.sections.model import ModelParams
from symptomeme.domain.sections.training import BaseParams, TrainParams
from symptomeme.domain.sections.words import OcrParams
from symptomeme.learning.batches import read_memes, with_reasoning
from symptomeme.learning.predict import predict
from symptomeme.learning.predictions import examples_of, predictions_of, verdicts
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.stages.cell import held_out, leave_out, write_cell
from symptomeme.stages.deciding import calibrate
from symptomeme.stages.train import trained
from symptomeme.text.masking import masked


def run(
    task: Task,
    variant: str,
    base: BaseParams,
    model_params: ModelParams,
    ocr: OcrParams,
    options: TrainParams,
    described: AblationParams,
) -> None:
    """Train a variant as the stage train does, and predict the held-out memes as evaluate does.

    Args:
        task: whose memes.
        variant: its name.
        base: the section, with the seed of this cell.
        model_params: the section as others train by it, as are the two that follow.
        ocr: the section.
        options: the section `train`.
        described: the variant, and what it changes in these sections.
    """
    out = task_paths(task.name).cell(variant, base.seed)
    if options.linear_strength is None and does_without_ngrams_alone(described):
        leave_out(out, "train.linear_strength is null, so that there are no n-grams to do without")
        return
    model_params, options = changed(model_params, described.model), changed(options, described.train)
    memes = reasoned(read_memes(task), described.reasoning, mask_personal=ocr.mask_personal)
    if described.reasoning and not with_reasoning(memes):
        leave_out(out, "there is no reasoning on these memes")
        return
    found = trained(task, memes, variant, base, model_params, ocr, options, described)
    model = found.model
    learned = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    held, fitted = ngram_weights(model)
    calibrate(model, predict(model, found.val), found.val, options)
    rows = held_out(memes)
    said = verdicts(model.config, predict(model, examples_of(model, found.processor, rows, task)))
    facts = {
        "parameters": model.num_parameters() + held,
        "trained": learned + fitted,
        "ngrams": model.config.ngrams,
        "reasoning": "; ".join(sorted(set(memes.reasoner))) if described.text and with_reasoning(memes) else None,
    }
    write_cell(out, predictions_of(said, rows, task), task, facts)


def does_without_ngrams_alone(described: AblationParams) -> bool:
    """Whether all that an ablation changes is that no n-grams stand beside it."""
    return not described.model and described.train == {"linear_strength": None}


def ngram_weights(model: SymptomClassifier) -> tuple[int, int]:
    """How many weights its n-grams have, which are buffers and no parameters, and how many of these were fitted."""
    if not model.config.ngrams:
        return 0, 0
    weight, bias = model.ngram_classifier.weight, model.ngram_classifier.bias
    seen = int(model.ngram_classifier.idf.count_nonzero())
    return weight.numel() + bias.numel(), (seen + 1) * bias.numel()


def reasoned(memes: pd.DataFrame, wanted: bool | None, *, mask_personal: bool) -> pd.DataFrame:
    """Memes with the reasoning that an ablation wants behind their words.

    Args:
        memes: as `read_memes` gives them.
        wanted: none; or what the stage reason left, else what came with the annotations; None: just what it left.
        mask_personal: mask what came with the annotations, as the stages mask.
    """
    if wanted is False:
        return memes.assign(reasoning="", reasoner="none")
    if wanted and not with_reasoning(memes):
        given = [masked(text) if mask_personal else text for text in memes.given_reasoning]
        return memes.assign(reasoning=given, reasoner="given")
    return memes
