"""The options of verbs that ask models about pictures: which models, and the words in the picture."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from symptomeme.data.naming import printable
from symptomeme.data.wording import well_formed
from symptomeme.domain.errors import InputError
from symptomeme.domain.labels import TASKS

if TYPE_CHECKING:
    from symptomeme.predictor import Served


def add_model_options(verb: argparse.ArgumentParser) -> None:
    """Add `--task`, `--model` and `--text`."""
    verb.add_argument("--task", choices=TASKS, help="one task only")
    verb.add_argument("--model", metavar="DIR_OR_URI", help="a folder, or models:/NAME@ALIAS; default: the champions")
    verb.add_argument("--text", type=well_formed, help="the words in the meme, in place of reading them")


def check_files(images: Sequence[Path]) -> None:
    """Refuse pictures that are not there.

    Raises:
        InputError: one is missing, or a folder.
    """
    folders = [printable(path) for path in images if path.is_dir()]
    if folders:
        raise InputError(
            f"{', '.join(folders)}: a folder; expected pictures. For a folder: "
            f"symptomeme score {folders[0]} OUT.parquet --task TASK."
        )
    missing = [printable(path) for path in images if not path.is_file()]
    if missing:
        raise InputError(f"no such file: {', '.join(missing)}. Name existing pictures.")


def asked_models(arguments: argparse.Namespace) -> "list[Served]":
    """The models that these options name, loaded to answer with as many threads as a project here wants.

    Raises:
        InputError: there is no such folder.
        ModelError: it holds no model, or one of another task.
        RegistryError: the registry does not hold it.
    """
    import torch

    from symptomeme.domain.threads import threads_here
    from symptomeme.lifecycle.served import champions, model_at

    torch.set_num_threads(threads_here())  # before a model is loaded, which may fix them for itself
    if arguments.model:
        return [model_at(arguments.model, task=arguments.task)]
    return champions([arguments.task] if arguments.task else None)
