"""The real graph, without what it works on."""

import contextlib
import functools
import pickle
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.repo import Repo
from dvc.utils import strictyaml
from dvc.utils.serialize import _yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="package", autouse=True)
def parsed_once() -> Iterator[None]:
    """DVC parses params.yaml anew for each stage, and all else for each look: a third of its time here."""
    parse = _yaml.parse_yaml

    @functools.cache
    def parsed(text: str, path: str) -> bytes:
        return pickle.dumps(parse(text, path))

    def of_text(text: str, path: str, typ: str = "safe") -> Any:
        return pickle.loads(parsed(text, path)) if typ == "safe" else parse(text, path, typ)

    with pytest.MonkeyPatch.context() as patch:
        for module in (_yaml, strictyaml):
            patch.setattr(module, "parse_yaml", of_text)
        yield


@pytest.fixture(scope="package")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The real graph over empty files, committed to DVC without running it."""
    root = tmp_path_factory.mktemp("graph")
    with committed_graph(root, (ROOT / "profiles/sample.yaml").read_text(encoding="utf-8")):
        yield root


@contextlib.contextmanager
def committed_graph(root: Path, params: str) -> Iterator[None]:
    """Lay the real graph with these params into a folder, and stay in it."""
    shutil.copy(ROOT / "dvc.yaml", root)
    (root / "params.yaml").write_text(params, encoding="utf-8")
    shutil.copytree(ROOT / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    with contextlib.chdir(root):
        commit_without_running(root)
        yield


@contextlib.contextmanager
def other_value(root: Path, key: str, value: Callable[[Any], Any]) -> Iterator[None]:
    """Set a key of a project's params.yaml to what `value` makes of it, and put the file back."""
    file = root / "params.yaml"
    params = yaml.safe_load(before := file.read_text(encoding="utf-8"))
    *above, last = key.split(".")
    section = params
    for name in above:
        section = section[name]
    section[last] = value(section[last])
    file.write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(before, encoding="utf-8")


def commit_without_running(root: Path) -> None:
    """Make every dependency and output an empty file or folder, and have DVC take them as the graph's results."""
    Repo.init(str(root), no_scm=True).close()
    with Repo(str(root)) as repo:
        for stage in repo.index.stages:
            for item in [*stage.deps, *stage.outs]:
                path = Path(item.fs_path)
                if not path.exists() and not hasattr(item, "params"):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.mkdir() if not path.suffix else path.touch()
        for name in ("text", "vision", "other"):
            (root / "data/weights" / name).mkdir(parents=True, exist_ok=True)
            (root / "data/weights" / name / "config.json").touch()
        repo.stage_cache.save = lambda _: None  # half of the time, and nothing is brought back here
        repo.commit(force=True)
