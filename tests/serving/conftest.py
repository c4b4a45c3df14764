"""Tiny models in BentoML's store."""

from collections.abc import Callable
from pathlib import Path

import pytest
from small_models import write_model

from symptomeme.domain.digests import of_folder
from symptomeme.domain.pointer import PackagedModel
from symptomeme.lifecycle.bentos import put_model

Package = Callable[..., PackagedModel]


@pytest.fixture(scope="session")
def package(
    bentoml_home: Path, tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path
) -> Package:
    """Put a tiny model of this seed into the store."""

    base = tmp_path_factory.mktemp("models")

    def put(seed: int, task: str = "anxiety") -> PackagedModel:
        folder = base / f"{task}-{seed}"
        if not folder.exists():
            write_model(folder, text_folder, vision_folder, seed=seed, task=task)
        digest, name = of_folder(folder), f"served-{task}"
        model = PackagedModel(
            name=name,
            version=str(seed),
            variant="fusion",
            digest=digest,
            tag=f"{name}:{digest[:12]}",
            data="abc.dir",
            card="# Card",
        )
        put_model(folder, model)
        return model

    return put
