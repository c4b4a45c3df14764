"""DVC writes dvc.lock in its place: killed meanwhile, it leaves a part, on which none of its commands runs any more."""

import subprocess
from pathlib import Path

from dvc.dvcfile import Lockfile
from dvc.lock import LockError
from dvc.repo import Repo
from dvc.utils.strictyaml import YAMLSyntaxError, YAMLValidationError

from symptomeme.domain.layout import STUDY_LOCK
from symptomeme.domain.writing import replacing
from symptomeme.lifecycle.lineage import LOCK

MENDED = "dvc.lock was cut off when DVC was killed; it is as it was committed, and DVC's run cache knows the rest."


def mend_lock_file(root: Path) -> bool:
    """Put dvc.lock back as it was committed where DVC cannot read it; what ran since then DVC finds in its run cache.

    The study's own one too: DVC reads both, whichever graph it is asked for.

    Returns:
        Whether it had to. While another DVC holds the project's lock nothing is judged.
    """
    locks = [path for path in (root / LOCK, root / STUDY_LOCK) if path.is_file() and not _is_unmerged(path)]
    if not locks:
        return False
    try:
        with Repo(str(root)) as repo, repo.lock:
            broken = [path for path in locks if not _is_readable(repo, path)]
            for path in broken:
                _put_back(path)
            return bool(broken)
    except LockError:
        return False


def _is_unmerged(path: Path) -> bool:
    return bool(_git(path.parent, "ls-files", "--unmerged", "--", path.name).stdout)


def _is_readable(repo: Repo, path: Path) -> bool:
    try:
        Lockfile(repo, str(path)).load()
    except (YAMLSyntaxError, YAMLValidationError):
        return False
    return True


def _put_back(path: Path) -> None:
    committed = _git(path.parent, "show", f"HEAD:./{path.name}")
    if committed.returncode:  # none was
        path.unlink()
    else:
        with replacing(path) as beside:
            beside.write_bytes(committed.stdout)


def _git(root: Path, *words: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(["git", *words], cwd=root, capture_output=True, check=False)
