"""What computes a trained model's answers: PyTorch in fp32, or ONNX Runtime in int8 where its config says so."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from symptomeme.domain.errors import ModelError, ToolError
from symptomeme.domain.layout import INT8_MODEL
from symptomeme.models.config import SymptomConfig
from symptomeme.models.encoders import load_classifier, read_classifier_config
from symptomeme.models.outputs import SymptomOutput

OUTPUTS = ("logits", "fused_embedding")
"""Of `SymptomOutput`, what an int8 model gives."""


class Runtime(Protocol):
    """A trained model that answers."""

    config: Any
    device: Any

    def __call__(self, **inputs: Tensor) -> Any:
        """A `SymptomOutput` for B memes as their processor makes them, OUTPUTS at least."""


def load_runtime(folder: Path, *, device: Any = "cpu", threads: int | None = None) -> Runtime:
    """What answers for a model folder.

    Args:
        folder: as `train` leaves it.
        device: where fp32 runs; int8 runs on the processor.
        threads: of int8, whose number is fixed when it is loaded; None: as many as torch takes now. fp32 takes torch's.

    Raises:
        ModelError: it holds no model of this package, or one that cannot be loaded.
        ToolError: it answers in int8, and ONNX Runtime is not installed.
    """
    config = read_classifier_config(folder)
    if config.runtime == "int8":
        try:
            network = (folder / INT8_MODEL).read_bytes()
        except FileNotFoundError:
            raise ModelError(
                f"model {folder}: {INT8_MODEL} is missing, with which it answers. Run 'dvc pull', or train it again."
            ) from None
        return Int8Classifier(network, config, threads=threads)
    model: Runtime = load_classifier(folder).eval().to(device)
    return model


class Int8Classifier:
    """A quantized classifier in ONNX Runtime.

    Each meme is run by itself and without padding: activations are quantized by the range of a whole tensor, so that in
    a batch the answer to a meme would change with the others in it.
    """

    device = torch.device("cpu")

    def __init__(self, network: bytes, config: SymptomConfig, *, threads: int | None = None) -> None:
        """Load a quantized network.

        Raises:
            ModelError: ONNX Runtime cannot read it.
            ToolError: ONNX Runtime is not installed.
        """
        self.config = config
        self._session = _session(network, torch.get_num_threads() if threads is None else threads)

    def __call__(self, **inputs: Tensor) -> SymptomOutput:
        """OUTPUTS for B memes; text is padded on the right, if at all."""
        memes = range(len(next(iter(inputs.values()))))
        rows = [self._session.run(OUTPUTS, _alone(inputs, meme)) for meme in memes]
        found = (torch.from_numpy(np.concatenate(column)) for column in zip(*rows, strict=True))
        return SymptomOutput(**dict(zip(OUTPUTS, found, strict=True)))


def _alone(inputs: dict[str, Tensor], meme: int) -> dict[str, Any]:
    """The inputs of one meme of a batch, its text without padding."""
    own = {name: tensor[meme : meme + 1] for name, tensor in inputs.items()}
    if "attention_mask" in own:
        length = int(own["attention_mask"].sum())
        own |= {name: own[name][:, :length] for name in ("input_ids", "attention_mask")}
    return {name: tensor.numpy() for name, tensor in own.items()}


def _session(network: bytes, threads: int) -> Any:
    try:
        import onnxruntime  # noqa: PLC0415 - an extra
    except ImportError:
        raise ToolError(
            "this model answers in int8 (`runtime` in its config.json), and ONNX Runtime is not installed. "
            "Type: pip install 'symptomeme[int8]'"
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3  # errors
    try:
        return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no base of their own
        told = " ".join(str(error).split())[:160]
        raise ModelError(
            f"{INT8_MODEL}: ONNX Runtime cannot load it ({told}). Bring it back, or train again."
        ) from None
