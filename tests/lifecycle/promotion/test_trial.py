"""What is judged: versions whose training memes are known, on memes whose words are known."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from promotion_project import NAME, TRAINED, UNTRAINED, memes, register, write_today

from symptomeme.cli.main import main
from symptomeme.domain.errors import RegistryError
from symptomeme.domain.labels import DEPRESSION
from symptomeme.domain.layout import task_paths
from symptomeme.domain.records import TEXT_ROWS, read_rows, write_rows
from symptomeme.lifecycle.registry import Registry
from symptomeme.lifecycle.trial import enter

PROMOTE = ("promote", "--task", "depression", "--json")


def test_a_version_whose_training_memes_nobody_knows_is_not_judged(
    template: Path, tmp_path: Path, registry: Registry
) -> None:
    (tmp_path / "other").symlink_to(template / "trained")
    version = registry.resolve(f"models:/{NAME}/{register(registry, tmp_path, 'other', data='drawn')}")
    with pytest.raises(RegistryError, match=r"/4: its run holds no training/training_memes\.parquet"):
        enter(registry, version, DEPRESSION)


def test_a_meme_without_words_is_judged_and_one_that_nobody_has_read_is_named(
    offer: Callable[..., None], run: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    offer(UNTRAINED, TRAINED)
    table = memes(Path.cwd())
    table.loc[table.key == "test/0-0", "text"] = ""
    write_today(table)
    assert run(*PROMOTE, "--dry-run")["looks"] == 1
    texts = task_paths("depression").texts
    rows = read_rows(texts, TEXT_ROWS)
    write_rows(texts, rows[~rows.key.isin(["test/0-0", "test/0-1"])], TEXT_ROWS)
    assert main(list(PROMOTE)) == 1
    assert capsys.readouterr().err == (
        "symptomeme promote: artifacts/depression/texts.parquet: the meme test/0-0 is missing (2 in all), though it "
        "stands in artifacts/depression/valid.parquet; a meme without words has a row, with empty text. Run 'dvc repro "
        "ocr@depression'.\n"
    )
