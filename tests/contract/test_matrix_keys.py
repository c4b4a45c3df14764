"""Keys that say over what the graph runs: which stages they make stale, and which they bring."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from contract.conftest import ROOT, committed_graph, other_value
from dvc.repo import Repo

PUBLISHED = {f"published@{task}-published" for task in ("anxiety", "depression")}
REGISTER = {"register@anxiety", "register@depression"}


@pytest.fixture(scope="module")
def with_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The real graph with a published checkpoint for both tasks."""
    root = tmp_path_factory.mktemp("published")
    params = yaml.safe_load((ROOT / "profiles/sample.yaml").read_text(encoding="utf-8"))
    params["published"]["tasks"] = ["anxiety", "depression"]
    with committed_graph(root, yaml.safe_dump(params, sort_keys=False)):
        assert status(root) == set()
        yield root


@pytest.mark.parametrize(
    ("key", "value", "stale"),
    [
        ("published.checkpoint.text_heads", 3, PUBLISHED),
        ("published.checkpoint.vision_heads", 3, PUBLISHED),
        ("published.checkpoint.fusion_heads", 3, PUBLISHED),
        ("published.checkpoint.folder", "data/weights/other", PUBLISHED),
        ("published.checkpoint.tokenizer", "data/weights/other", PUBLISHED),
        ("published.variants.published.train", True, PUBLISHED | REGISTER),
        ("published.tasks", ["anxiety"], REGISTER),
        ("tasks.anxiety", "other", {"ingest@anxiety", "register@anxiety"}),
        ("tasks.depression", "other", {"ingest@depression", "register@depression"}),
    ],
)
def test_a_key_of_the_matrix_changes_the_stages_that_use_it_alone(
    with_checkpoints: Path, key: str, value: object, stale: set[str]
) -> None:
    with other_value(with_checkpoints, key, lambda _: value):
        assert status(with_checkpoints) == stale


def status(root: Path) -> set[str]:
    with Repo(str(root)) as repo:
        return {stage.split(":")[-1] for stage in repo.status()}
