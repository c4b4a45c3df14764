"""reason: figurative reasoning on each meme, which stands behind its words."""

import logging
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from symptomeme.domain.digests import of_file, of_folder, of_value
from symptomeme.domain.labels import Task
from symptomeme.domain.layout import TaskPaths, cache, task_paths
from symptomeme.domain.records import MEME_ROWS, REASONING_ROWS, TEXT_ROWS, read_rows, write_rows
from symptomeme.domain.sections.words import ReasonParams
from symptomeme.domain.writing import write_json
from symptomeme.text import reasoning
from symptomeme.text.asking import Meme, reason_on
from symptomeme.text.failures import told
from symptomeme.text.masking import masked
from symptomeme.text.reasoning import Reasoned

LOG = logging.getLogger(__name__)


def run(task: Task, params: ReasonParams, mask_personal: bool) -> None:
    """Take the reasoning that came with each meme, let a model write some, or leave it empty, as `params.source` says.

    Raises:
        InputError: validate or ocr has not run.
        ModelError: the model cannot be loaded.
        DataError: it failed on too many memes.
    """
    paths = task_paths(task.name)
    memes = read_rows(paths.valid, MEME_ROWS).merge(read_rows(paths.texts, TEXT_ROWS), on="key", validate="one_to_one")
    if params.source == "generate":
        reasoner, found = generate(memes, params)
    else:
        texts = memes.given_reasoning if params.source == "given" else [""] * len(memes)
        reasoner, found = params.source, [Reasoned(masked(text) if mask_personal else text) for text in texts]
    rows = pd.DataFrame(found, columns=Reasoned._fields).assign(key=memes.key, reasoner=reasoner)
    write_rows(paths.reasoning, rows, REASONING_ROWS)
    write_json(paths.reasoning_counts, counts(rows))
    warn(paths, rows)


def generate(memes: pd.DataFrame, params: ReasonParams) -> tuple[str, list[Reasoned]]:
    """What a model says of each meme, and by what model, digest and settings it is known."""
    from symptomeme.models import loading, reasoner  # noqa: PLC0415 - with torch, which nothing else here needs

    folder = Path(params.model)
    model = of_folder(folder) if folder.is_dir() else ""  # what is not there is told when it is loaded
    code = [of_file(Path(str(module.__file__))) for module in (reasoner, loading)]
    versions = [version(name) for name in ("torch", "transformers", "pillow")]
    key = of_value([model, of_file(reasoning.PROMPT), params.max_new_tokens, code, versions])
    found = reason_on(
        [Meme(*row) for row in zip(memes.sha256, map(Path, memes.image), memes.text, strict=True)],
        lambda: reasoner.PretrainedReasoner(folder, max_new_tokens=params.max_new_tokens),
        cache=cache("reason", key),
        batch_size=params.batch_size,
        max_failed_share=params.max_failed_share,
    )
    return f"{folder.name} {model[:8]}, prompt {of_file(reasoning.PROMPT)[:8]}, {params.max_new_tokens} tokens", found


def counts(rows: pd.DataFrame) -> dict[str, int]:
    """Counts for `dvc metrics`."""
    return {
        "memes": len(rows),
        "with_reasoning": int((rows.reasoning != "").sum()),
        "failed": int(rows.fault.notna().sum()),
    }


def warn(paths: TaskPaths, rows: pd.DataFrame) -> None:
    """Tell on how many memes the model failed, and why."""
    faults = Counter(rows.fault.dropna())
    if faults:
        LOG.warning(
            "%s: %s. These memes have their words alone; what was answered stands in the table.",
            paths.reasoning,
            told(faults),
        )
