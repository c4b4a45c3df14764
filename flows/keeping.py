"""What a run leaves in git: its inputs and their digests, committed to a branch without touching the work tree."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.commands import LastingFault, git

FILES = ("data.dvc", "dvc.lock", "params.yaml")
AUTHOR = {"GIT_AUTHOR_NAME": "symptomeme", "GIT_AUTHOR_EMAIL": "symptomeme@localhost"}
COMMITTER = {"GIT_COMMITTER_NAME": "symptomeme", "GIT_COMMITTER_EMAIL": "symptomeme@localhost"}


def commit_to(branch: str, *, home: Path, root: Path, message: str) -> str | None:
    """Commit FILES as they are in `root`, upon what HEAD has, to a branch of the project in `home`.

    The branch may be new, or be HEAD's own; nothing else that is changed or staged goes into the commit. No file of
    the work tree is written: where `root` is another one, and the branch is HEAD's own, they differ afterwards.

    Returns:
        The commit, or None where the branch holds the same already.

    Raises:
        LastingFault: git refused.
    """
    is_here = git("branch", "--show-current", cwd=home) == branch
    if is_here and root == home:
        return _commit_here(home, message)
    head, tip = git("rev-parse", "HEAD", cwd=home), _tip(branch, home)
    with TemporaryDirectory() as scratch:
        index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        git("read-tree", "HEAD", cwd=home, variables=index)
        for name in FILES:
            blob = git("hash-object", "-w", str(root / name), cwd=home)
            git("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}", cwd=home, variables=index)
        tree = git("write-tree", cwd=home, variables=index)
    if tip and git("rev-parse", f"{tip}^{{tree}}", cwd=home) == tree:
        return None
    follows = tip is not None and git("merge-base", head, tip, cwd=home) == head
    parents = [tip] if tip and follows else [tip, head] if tip else [head]
    words = [word for parent in parents for word in ("-p", parent)]
    commit = git("commit-tree", tree, *words, "-m", message, cwd=home, variables=somebody(home))
    git("update-ref", f"refs/heads/{branch}", commit, tip or "", cwd=home)
    if is_here:  # or the next commit would take them back
        git("reset", "--quiet", "--", *FILES, cwd=home)
    return commit


def _commit_here(home: Path, message: str) -> str | None:
    if not git("status", "--porcelain", "--", *FILES, cwd=home):
        return None
    git("add", "--", *FILES, cwd=home)
    git("commit", "--quiet", "--no-verify", "--only", "-m", message, "--", *FILES, cwd=home, variables=somebody(home))
    return git("rev-parse", "HEAD", cwd=home)


def _tip(branch: str, home: Path) -> str | None:
    try:
        git("check-ref-format", "--branch", branch, cwd=home)
    except LastingFault:
        raise LastingFault(f"commit_to_branch: {branch!r} is no name that git takes for a branch.") from None
    return git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}", cwd=home) or None


def somebody(home: Path) -> dict[str, str]:
    """A name for the commit where git knows none."""
    try:
        git("config", "user.email", cwd=home)
    except LastingFault:
        return {name: value for name, value in {**AUTHOR, **COMMITTER}.items() if name not in os.environ}
    return {}
