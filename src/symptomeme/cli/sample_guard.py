"""What the demo must not touch: data, a pointer to data, and encoders that are not the sample's."""

import json
from pathlib import Path

from symptomeme.cli.data_pointer import POINTER, version
from symptomeme.cli.next_steps import ENCODERS
from symptomeme.domain.digests import of_folder
from symptomeme.domain.errors import InputError
from symptomeme.domain.labels import TASKS
from symptomeme.domain.layout import dataset_paths

SAMPLE = "bc31f0044dfd76182c16f2f38dc1f705.dir"
"""What the tracked data.dvc says: the sample as this version draws it. Another Pillow may draw other bytes."""


def refuse_other_data() -> None:
    """Leave a data/ alone that is not the sample.

    Raises:
        InputError: a data set in it is of another kind.
    """
    for task in TASKS.values():
        source = dataset_paths(task.dataset).source
        root = dataset_paths(task.dataset).root
        kind = json.loads(source.read_text(encoding="utf-8"))["kind"] if source.is_file() else "unknown"
        if root.exists() and kind != "sample":
            raise InputError(
                f"{root} holds {kind} data, not the sample; the demo leaves it alone. "
                "Run 'dvc repro' on it, or run the demo in another clone."
            )


def refuse_other_pointer() -> None:
    """Leave a data.dvc alone that is not the sample's, whether or not what it stands for is here.

    Raises:
        InputError: it stands for other data.
    """
    if not POINTER.exists():
        return
    found = version() or "what DVC did not write"
    if found != SAMPLE:
        raise InputError(
            f"{POINTER} stands for other data than the sample ({found}, not {SAMPLE}), and not all of it is in data/; "
            f"the demo leaves it alone. Run 'dvc pull' or 'dvc checkout data' for it, delete {POINTER} for the sample, "
            "or run the demo in another clone."
        )


def refuse_other_weights(samples: Path) -> None:
    """Leave encoders alone that are not the sample's.

    Args:
        samples: a folder with the sample's, just written: they are known by their bytes.

    Raises:
        InputError: one in data/weights is another.
    """
    for encoder in ENCODERS:
        if encoder.exists() and of_folder(encoder) != of_folder(samples / encoder.name):
            raise InputError(
                f"{encoder} is not the sample's encoder as this version writes it; the demo leaves it alone. "
                "Give it another name, delete it for the sample's, or run the demo in another clone."
            )
