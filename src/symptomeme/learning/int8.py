"""A trained classifier in int8: exported to ONNX, quantized, and taken only where it answers as before."""

import logging
import warnings
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from symptomeme.domain.errors import ToolError
from symptomeme.domain.progress import progress
from symptomeme.domain.sections.training import TrainParams
from symptomeme.learning.batches import Batch, Encoded
from symptomeme.learning.predict import Outputs, predict
from symptomeme.learning.predictions import verdicts
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.config import SymptomConfig
from symptomeme.models.runtime import OUTPUTS, Int8Classifier

LOG = logging.getLogger(__name__)

OPSET = 17  # of ONNX: the first with layer normalisation


class Answering(NamedTuple):
    """What a model answers with, and what that says of the validation memes."""

    network: bytes | None  # ONNX in int8; None: the weights in fp32
    outputs: Outputs


def require(runtime: str) -> None:
    """See that what a runtime takes is there, before hours of training.

    Raises:
        ToolError: it is not installed.
    """
    missing = [name for name in ("onnx", "onnxruntime") if runtime == "int8" and find_spec(name) is None]
    if missing:
        raise ToolError(
            f"train.runtime is int8, and {' and '.join(missing)} not installed. "
            "Type: pip install 'symptomeme[int8]'; or set it to fp32."
        )


def answering(model: SymptomClassifier, outputs: Outputs, val: Encoded, options: TrainParams) -> Answering:
    """What a calibrated model answers with: int8 where that is wanted and enough validation memes get the same labels.

    Its config then says so. Calibration and thresholds stay those of fp32: one config decides for both.

    Args:
        model: with its weights in fp32.
        outputs: what it says of the validation memes.
        val: the validation memes.
        options: `runtime` and `min_agreement`.
    """
    if options.runtime == "fp32":
        return Answering(None, outputs)
    config = model.config
    whole = replace(val, text_states=None, image_states=None)
    network = quantized(model, whole.collate([0, len(whole) - 1]))
    found = predict(Int8Classifier(network, config), whole)
    same = agreeing(outputs, found, config)
    config.int8_agreement = round(float(same.mean()), 6)
    if same.mean() < options.min_agreement:
        LOG.warning(
            "%s %s: int8 gives %d of %d validation memes the same labels as fp32 (%.4f), fewer than "
            "train.min_agreement %g: the model stays fp32.",
            *(config.task, config.variant, same.sum(), len(same), same.mean(), options.min_agreement),
        )
        return Answering(None, outputs)
    config.runtime = "int8"
    return Answering(network, found)


def agreeing(one: Outputs, other: Outputs, config: SymptomConfig) -> npt.NDArray[np.bool_]:
    """For each of N memes whether the same labels are claimed, and abstained from: bool (N,)."""
    said, others = verdicts(config, one), verdicts(config, other)
    return np.asarray((said.claimed == others.claimed).all(axis=1) & (said.abstain == others.abstain))


def quantized(model: SymptomClassifier, example: Batch) -> bytes:
    """The model as an ONNX network in int8: the same bytes for the same model.

    Weights are quantized by output, to 7 bits, whose sums overflow on no processor; activations to 8 when it runs.

    Args:
        model: in fp32.
        example: inputs of at least one meme.
    """
    from onnxruntime.quantization import quant_pre_process, quantize_dynamic  # noqa: PLC0415 - an extra

    inputs = {name: tensor.to(model.device) for name, tensor in example.items() if name != "labels"}
    with TemporaryDirectory(prefix="symptomeme-int8-") as scratch:
        exact, shaped, small = (Path(scratch) / f"{name}.onnx" for name in ("exact", "shaped", "small"))
        steps: list[Callable[[], object]] = [
            lambda: export(model, inputs, exact),
            lambda: quant_pre_process(exact, shaped, skip_optimization=True, skip_symbolic_shape=True),
            lambda: quantize_dynamic(shaped, small, per_channel=True, reduce_range=True),
        ]
        for step in progress(steps, what="int8", unit="step"):
            step()
        return small.read_bytes()


def export(model: SymptomClassifier, inputs: Batch, target: Path) -> None:
    """Write the model as an ONNX network in fp32, for any number of memes and tokens, which gives OUTPUTS."""
    axes = {name: {0: "memes"} for name in (*inputs, *OUTPUTS)}
    axes |= {name: {0: "memes", 1: "tokens"} for name in ("input_ids", "attention_mask") if name in inputs}
    axes |= {name: {0: "memes", 1: "ngrams"} for name in ("ngram_ids", "ngram_counts") if name in inputs}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is the older exporter; branches that lead one way for all memes
        torch.onnx.export(
            _Positional(model, tuple(inputs)).eval(),
            tuple(inputs.values()),
            target,
            input_names=list(inputs),
            output_names=list(OUTPUTS),
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )


class _Positional(nn.Module):
    """The model as the exporter takes it: tensors in, tensors out."""

    def __init__(self, model: SymptomClassifier, names: tuple[str, ...]) -> None:
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        output = self.model(**dict(zip(self.names, tensors, strict=True)))
        return tuple(output[name] for name in OUTPUTS)
