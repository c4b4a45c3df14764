"""Files of torch.save from elsewhere: their tensors are taken, nothing in them is run."""

import pickle
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import torch
from torch import Tensor
from torch.serialization import get_unsafe_globals_in_checkpoint

from symptomeme.domain.errors import ModelError


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """The tensors of a state dict by name; they stay in the file until they are used.

    Args:
        path: written by torch.save of PyTorch 1.6 or later, a zip archive.

    Raises:
        ModelError: it is missing, damaged or packed, holds code, or is no plain state dict.
    """
    _check_archive(path)
    try:
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # of a damaged archive or pickle, whatever torch stumbles over
        raise ModelError(f"{path}: {_why(path, error)}") from None
    if not isinstance(found, dict) or not all(
        isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in found.items()
    ):
        raise ModelError(f"{path}: holds no plain state dict, tensors by name. Save 'model.state_dict()' alone.")
    return dict(found)


def check_tensor(name: str, tensor: Tensor, *, where: Path) -> None:
    """Refuse what is not a plain tensor of finite floating-point numbers, each stored in the file.

    Raises:
        ModelError: it is so.
    """
    plain = tensor.layout is torch.strided and tensor.device.type == "cpu" and tensor.is_floating_point()
    if not plain or tensor.numel() * tensor.itemsize > tensor.untyped_storage().nbytes():
        raise ModelError(f"{where}: {name!r} is no plain tensor of floating-point numbers, all in the file.")
    if not tensor.isfinite().all():
        raise ModelError(f"{where}: {name!r} holds NaN or infinity: the file is damaged, or its training failed.")


def _check_archive(path: Path) -> None:
    """Refuse what is no zip archive, or unpacks to more bytes than it has."""
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file. Name a checkpoint (.pth).")
    try:
        with ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except BadZipFile:
        raise ModelError(f"{path}: cut off, damaged, or no file that torch.save wrote. Fetch it again.") from None
    if size > path.stat().st_size:
        raise ModelError(f"{path}: unpacks to more bytes than it has, which no file of torch.save does.")


def _why(path: Path, error: Exception) -> str:
    """Why torch refused a file, code in it before all else."""
    if isinstance(error, pickle.UnpicklingError):
        try:
            names = sorted(get_unsafe_globals_in_checkpoint(path))
        except Exception:  # its pickle cannot even be taken apart
            names = []
        if names:
            return (
                f"holds code that loading would run ({', '.join(map(repr, names[:3]))}); nothing of it was run. "
                "Give a state dict of tensors alone."
            )
    return f"damaged, or no file that torch.save wrote ({type(error).__name__}). Fetch it again."
