"""`bentoml serve` in a project: models are exchanged while requests come in, and none of them fails."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import bentoml
import pytest
from running_service import IMAGE, ROOT, kept, service, versions_while

from symptomeme.domain.layout import StatePaths
from symptomeme.domain.pointer import Live, PackagedModel, write_live
from symptomeme.serving.self_test import READY

Package = Callable[..., PackagedModel]


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: Package) -> Iterator[str]:
    """The address of a service in a project whose live model is the first."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "bentofile.yaml", tmp_path)
    write_live(StatePaths().live, Live(bento="b:1", models={"anxiety": package(1)}))
    with service() as url:
        yield url


def test_a_moved_pointer_changes_versions_once_and_fails_no_request(served: str, package: Package) -> None:
    second = Live(bento="b:2", models={"anxiety": package(2)})
    answered = versions_while(served, "anxiety", lambda: write_live(StatePaths().live, second), to="2")
    for versions in answered:
        assert versions == sorted(versions)
    assert {version for versions in answered for version in versions} == {"1", "2"}
    assert len(kept()) == sum(map(len, answered))


def test_bentomls_own_client_gets_the_answer(served: str, tmp_path: Path) -> None:
    meme = tmp_path / "meme.png"
    meme.write_bytes(IMAGE)
    with bentoml.SyncHTTPClient(served) as client:
        answer = client.classify(image=meme, text="i cannot sleep", tasks=["anxiety"])
        several = client.classify_batch(images=[meme, meme])
    assert READY in Path("log").read_text()
    assert answer["tasks"]["anxiety"]["model"]["version"] == "1"
    assert answer["text"]["value"] == "i cannot sleep"
    assert [each["tasks"] for each in several["answers"]] == [several["answers"][0]["tasks"]] * 2
