"""DVC writes dvc.lock in its place: killed meanwhile, it leaves a part, on which none of its commands runs any more."""

import subprocess
from pathlib import Path

from dvc.dvcfile import Lockfile
from dvc.lock import LockError
from dvc.repo import Repo
from dvc.utils.strictyaml import YAMLSyntaxError, YAMLValidationError

from symptomeme.domain.writing import replacing
from symptomeme.lifecycle.lineage import LOCK

MENDED = "dvc.lock was cut off when DVC was killed; it is as it was committed, and DVC's run cache knows the rest."


def mend_lock_file(root: Path) -> bool:
    """Put dvc.lock back as it was committed where DVC cannot read it; what ran since then DVC finds in its run cache.

    Returns:
        Whether it had to. While another DVC holds the project's lock nothing is judged.
    """
    path = root / LOCK
    if not path.is_file() or _git(root, "ls-files", "--unmerged", "--", path.name).stdout:  # or a merge is going on
        return False
    try:
        with Repo(str(root)) as repo, repo.lock:
            try:
                Lockfile(repo, str(path)).load()
            except (YAMLSyntaxError, YAMLValidationError):
                _put_back(path)
                return True
    except LockError:
        pass
    return False


def _put_back(path: Path) -> None:
    committed = _git(path.parent, "show", f"HEAD:./{path.name}")
    if committed.returncode:  # none was
        path.unlink()
    else:
        with replacing(path) as beside:
            beside.write_bytes(committed.stdout)


def _git(root: Path, *words: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(["git", *words], cwd=root, capture_output=True, check=False)
