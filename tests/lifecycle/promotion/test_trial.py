"""What is judged: versions whose training memes are known, on memes whose words are known."""

from pathlib import Path

import pytest
from promotion_project import NAME, register

from symptomeme.domain.errors import RegistryError
from symptomeme.domain.labels import DEPRESSION
from symptomeme.lifecycle.registry import Registry
from symptomeme.lifecycle.trial import enter


def test_a_version_whose_training_memes_nobody_knows_is_not_judged(
    template: Path, tmp_path: Path, registry: Registry
) -> None:
    (tmp_path / "other").symlink_to(template / "trained")
    version = registry.resolve(f"models:/{NAME}/{register(registry, tmp_path, 'other', data='drawn')}")
    with pytest.raises(RegistryError, match=r"/4: its run holds no training/training_memes\.parquet"):
        enter(registry, version, DEPRESSION)
