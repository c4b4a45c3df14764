"""Where the stages of a run work: the project itself, or, for other params, a work tree beside it."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from dvc.exceptions import DvcException
from dvc.utils.hydra import apply_overrides

from flows.commands import LastingFault, Say, checked, git, run
from flows.keeping import somebody
from symptomeme.domain.layout import CACHE, PARAMS, STATE

TREE = CACHE / "worktrees" / "overrides"
SHARED = (CACHE, STATE, Path("mlartifacts"))  # caches, what happened here, registered models
MINUTES = 60.0


class Place(NamedTuple):
    """A work tree, and the variables that its programs need."""

    root: Path
    variables: dict[str, str]
    is_own: bool  # it is a copy, whose data/ is not to be taken into DVC


@contextmanager
def place_for(home: Path, overrides: Sequence[str], *, registry: str, say: Say) -> Iterator[Place]:
    """The project in `home`; with overrides a work tree of its last commit and what is changed since, removed at last.

    Args:
        home: the project's root.
        overrides: as for `dvc exp run -S`: "train.epochs=3", "~variants.text_only".
        registry: an absolute MLflow URI, which the work tree shares with the project, as it does all caches.
        say: is given what happens.

    Raises:
        LastingFault: there is no commit yet, or a value is none of params.yaml.
    """
    if not overrides:
        yield Place(home, {}, is_own=False)
        return
    tree = home / TREE
    _remove(home, tree)  # what a run that was killed has left
    try:
        _make(home, tree, say)
        try:
            apply_overrides(tree / PARAMS, list(overrides))
        except DvcException as error:
            told = " ".join(str(error).split())
            raise LastingFault(f"overrides: {told[:300]} Write them as for `dvc exp run -S`: train.epochs=3") from None
        yield Place(tree, {"MLFLOW_TRACKING_URI": registry, "PYTHONPATH": str(tree / "src")}, is_own=True)
    finally:
        _remove(home, tree)


def _make(home: Path, tree: Path, say: Say) -> None:
    git("status", "--porcelain", cwd=home)  # it looks at files anew; stash fails on those that were only touched
    git("worktree", "add", "--quiet", "--detach", str(tree), "HEAD", cwd=home)
    # what is not committed is not there either: so what is registered tells of it, and names a commit that others have
    if changed := git("stash", "create", cwd=home, variables=somebody(home)):
        git("read-tree", "--reset", "-u", changed, cwd=tree)
    for name in filter(None, git("ls-files", "--others", "--exclude-standard", "-z", cwd=home).split("\0")):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(home / name, tree / name)
    for folder in SHARED:
        (home / folder).mkdir(exist_ok=True)
        (tree / folder).symlink_to(home / folder)
    local = home / ".dvc" / "config.local"  # where remotes' keys are
    if local.is_file():
        shutil.copy(local, tree / ".dvc")
    place = run("dvc", "cache", "dir", cwd=home, say=say, seconds=MINUTES, keep=True)
    checked("dvc", "cache", "dir", "--local", place.kept.strip(), cwd=tree, say=say, seconds=MINUTES)
    say("the work tree for these params is made; its data is checked out")
    checked("dvc", "checkout", "--quiet", "--allow-missing", cwd=tree, say=say, seconds=60 * MINUTES)


def _remove(home: Path, tree: Path) -> None:
    shutil.rmtree(tree, ignore_errors=True)
    git("worktree", "prune", cwd=home)
