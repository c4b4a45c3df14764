"""The training loop, over accelerate: length-grouped batches, fused AdamW, a checkpoint an epoch, early stopping.

An epoch's batches and dropout depend on seed and epoch alone, so a run that was cut off and goes on from its last
checkpoint ends with the same weights as one that was not. Under `accelerate launch` with several processes each takes
its share of the batches.
"""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator, PartialState
from accelerate.utils import DistributedDataParallelKwargs
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from torch.utils.data import DataLoader
from transformers.optimization import get_linear_schedule_with_warmup

from symptomeme.domain.errors import ModelError
from symptomeme.domain.progress import progress
from symptomeme.domain.sections.training import Optimisation
from symptomeme.domain.writing import replacing, write_json
from symptomeme.learning.batches import Batch, Encoded
from symptomeme.learning.grouping import GroupedBatches

Curve = list[dict[str, float]]
LossOf = Callable[[nn.Module, Batch], Tensor]
EpochScore = Callable[[], dict[str, float]]
OnEpoch = Callable[[dict[str, float]], None]

_STATE, _CURVE = "state.pt", "curve.json"


class _Step(nn.Module):
    """From a batch to its loss in one forward, so that several processes can share the work whatever the loss asks."""

    def __init__(self, model: nn.Module, loss_of: LossOf) -> None:
        super().__init__()
        self.model, self.loss_of = model, loss_of

    def forward(self, batch: Batch) -> Tensor:
        return self.loss_of(self.model, batch)


def computed_with(options: Optimisation) -> tuple[int, str, str]:
    """What a result depends on besides its inputs: number of processes, kind of device, precision."""
    state = PartialState()
    return state.num_processes, state.device.type, _precision(options.precision)


def is_main_process() -> bool:
    """Whether this process is the one that writes results; the only one but under `accelerate launch`."""
    return bool(PartialState().is_main_process)


def fit(
    model: nn.Module,
    examples: Encoded,
    *,
    loss_of: LossOf,
    score: EpochScore,
    options: Optimisation,
    patience: int | None,
    seed: int,
    checkpoint: Path,
    what: str,
    on_epoch: OnEpoch | None = None,
) -> Curve:
    """Train `model` in place.

    Args:
        loss_of: the loss of a batch, a scalar tensor.
        score: figures after an epoch, higher `score` is better; the best epoch is kept where `patience` is given.
        patience: stop after so many epochs without a higher `score`; None: keep the last epoch.
        checkpoint: a folder to go on from; the key of all that the result depends on must be in its name.
        on_epoch: told each new row as it comes.

    Returns:
        One row an epoch: epoch, training loss, and what `score` gave (figures, among them `score`).

    Raises:
        ModelError: the training loss of an epoch is not finite.
    """
    accelerator = Accelerator(
        mixed_precision=_precision(options.precision),
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],  # heads that a variant leaves out
    )
    batches = GroupedBatches(examples.lengths, batch_size=options.batch_size, seed=seed)
    optimizer = torch.optim.AdamW(_groups(model, options), fused=True)
    schedule = _schedule(optimizer, options, steps=options.epochs * math.ceil(len(batches) / accelerator.num_processes))
    loader: DataLoader[Any] = DataLoader(examples, batch_sampler=batches, collate_fn=examples.collate)  # type: ignore[arg-type]
    step, optimizer, loader = accelerator.prepare(_Step(model, loss_of), optimizer, loader)
    parts = {"optimizer": optimizer, "schedule": schedule}
    curve, best = _resume(checkpoint, model, parts)
    accelerator.wait_for_everyone()
    for epoch in range(len(curve), options.epochs):
        if patience is not None and _is_over(curve, patience):
            break
        batches.epoch = epoch
        torch.manual_seed(seed * 10_007 + epoch)
        loss = _train_epoch(accelerator, step, optimizer, schedule, loader, options, f"{what} {epoch + 1}")
        curve.append({"epoch": epoch + 1, "train_loss": _rounded(loss, f"{what}, epoch {epoch + 1}"), **score()})
        if isinstance(schedule, ReduceLROnPlateau):
            schedule.step(curve[-1].get("val_macro_f1", curve[-1]["score"]))
        last = _trained(model)
        if patience is not None and _best_epoch(curve) == epoch:
            best = last
        if accelerator.is_main_process:
            _save(checkpoint, curve, parts, {"last": last, **({"best": best} if best else {})})
            if on_epoch is not None:
                on_epoch(curve[-1])
    if best:
        model.load_state_dict(best, strict=False)
    model.eval()
    return curve


def _train_epoch(
    accelerator: Accelerator,
    step: nn.Module,
    optimizer: torch.optim.Optimizer,
    schedule: LRScheduler,
    loader: DataLoader[Batch],
    options: Optimisation,
    what: str,
) -> float:
    """Mean loss a batch."""
    step.train()
    for part in step.modules():
        own = list(part.parameters())
        if own and not any(parameter.requires_grad for parameter in own):
            part.eval()  # what is frozen has no dropout
    total = 0.0
    for batch in progress(loader, what=what, unit="batch", total=len(loader)):
        with accelerator.autocast():
            loss = step(batch)
        accelerator.backward(loss)
        accelerator.clip_grad_norm_(step.parameters(), options.max_grad_norm)
        optimizer.step()
        if not isinstance(schedule, ReduceLROnPlateau):
            schedule.step()
        optimizer.zero_grad()
        total += float(loss.detach())
    step.eval()
    mean = torch.tensor(total / len(loader), dtype=torch.float64, device=accelerator.device)
    return float(accelerator.reduce(mean, reduction="mean"))


def _rounded(loss: float, where: str) -> float:
    if not math.isfinite(loss):
        raise ModelError(
            f"{where}: the mean training loss is {loss}, and must be finite: training has diverged. "
            "Lower the learning rates or max_grad_norm in params.yaml and run it again."
        )
    return round(loss, 6)


def _groups(model: nn.Module, options: Optimisation) -> list[dict[str, object]]:
    """Parameters by learning rate and weight decay; matrices decay, biases and norms do not."""
    rates = {
        "text_encoder": options.text_learning_rate,
        "vision_encoder": options.vision_learning_rate,
    }
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            rate = rates.get(name.split(".")[0], options.head_learning_rate)
            decay = options.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((rate, decay), []).append(parameter)
    return [{"params": found, "lr": rate, "weight_decay": decay} for (rate, decay), found in groups.items()]


def _schedule(optimizer: torch.optim.Optimizer, options: Optimisation, *, steps: int) -> LRScheduler:
    """Linear warm-up and decay; or, as published, halved when the score has not risen for two epochs."""
    if options.schedule == "plateau":
        return ReduceLROnPlateau(optimizer, mode="max", factor=0.5, patience=2)
    schedule: LRScheduler = get_linear_schedule_with_warmup(optimizer, int(options.warmup * steps), steps)
    return schedule


def _precision(wanted: str) -> str:
    if wanted != "auto" or not torch.cuda.is_available():
        return "no"
    return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "no"


def _best_epoch(curve: Curve) -> int:
    return max(range(len(curve)), key=lambda epoch: curve[epoch]["score"])


def _is_over(curve: Curve, patience: int) -> bool:
    return bool(curve) and len(curve) - 1 - _best_epoch(curve) >= patience


def _trained(model: nn.Module) -> dict[str, Tensor]:
    """A copy of what training changes; what is frozen is in the encoder's own file."""
    return {name: tensor.detach().clone() for name, tensor in model.named_parameters() if tensor.requires_grad}


def _save(checkpoint: Path, curve: Curve, parts: dict[str, Any], weights: dict[str, dict[str, Tensor]]) -> None:
    with replacing(checkpoint) as beside:
        beside.mkdir()
        for name, tensors in weights.items():
            save_file(tensors, beside / f"{name}.safetensors")
        torch.save({name: part.state_dict() for name, part in parts.items()}, beside / _STATE)
        write_json(beside / _CURVE, curve)


def _resume(checkpoint: Path, model: nn.Module, parts: dict[str, Any]) -> tuple[Curve, dict[str, Tensor]]:
    """Go on from a checkpoint, if there is one: its curve and the best weights so far.

    Raises:
        ModelError: it is damaged.
    """
    if not (checkpoint / _CURVE).is_file():
        return [], {}
    best = checkpoint / "best.safetensors"
    try:
        curve: Curve = list(json.loads((checkpoint / _CURVE).read_text()))
        weights = load_file(best) if best.is_file() else {}
        model.load_state_dict(load_file(checkpoint / "last.safetensors"), strict=False)
        for name, state in torch.load(checkpoint / _STATE, weights_only=True).items():
            parts[name].load_state_dict(state)
    except (OSError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # of a damaged one any other
        raise ModelError(
            f"{checkpoint}: this checkpoint is damaged ({type(error).__name__}). Delete the folder, and training "
            "begins anew."
        ) from None
    return curve, weights
