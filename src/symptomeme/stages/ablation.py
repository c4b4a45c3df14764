"""One ablation of the study: a variant of the model, trained with one seed; only its predictions are kept."""

from symptomeme.domain.labels import Task
from symptomeme.domain.layout import task_paths
from symptomeme.domain.params import BaseParams, ModelParams, OcrParams, TrainParams
from symptomeme.domain.variants import VariantParams
from symptomeme.learning.batches import read_memes
from symptomeme.learning.predict import predict
from symptomeme.learning.predictions import predictions_of
from symptomeme.stages.cell import held_out, leave_out, write_cell
from symptomeme.stages.train import calibrate, trained


def run(
    task: Task,
    variant: str,
    base: BaseParams,
    model_params: ModelParams,
    ocr: OcrParams,
    options: TrainParams,
    described: VariantParams,
) -> None:
    """Train a variant as the stage train does, and predict the held-out memes as evaluate does."""
    out = task_paths(task.name).cell(variant, base.seed)
    if described.text and model_params.reasoning == "given" and not read_memes(task).given_reasoning.str.strip().any():
        leave_out(out, "no reasoning is given with these memes")
        return
    found = trained(task, variant, base, model_params, ocr, options, described)
    model = found.model
    learned = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    calibrate(model, predict(model, found.val), found.val, options)
    predictions = predictions_of(model, found.processor, held_out(found.memes), task)
    write_cell(out, predictions, task, {"parameters": model.num_parameters(), "trained": learned})
