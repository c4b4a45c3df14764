"""A small project with all that `make server` needs."""

import shutil
from pathlib import Path

from small_project import ROOT, new_project, run

CHANGES = {
    "prealign": {"epochs": 4},
    "train": {"epochs": 4},
    "evaluate": {"resamples": 20_000},
    "monitor": {"min_rows": 3, "permutations": 1999},  # the few validation memes are enough to compare with
}


def living_project(base: Path, text_folder: Path, vision_folder: Path) -> Path:
    """Make `base`/project, committed, whose graph has not run yet."""
    root = new_project(base, text_folder, vision_folder, train=60, changes=CHANGES)
    shutil.copytree(ROOT / "flows", root / "flows", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("prefect.yaml", "bentofile.yaml", "requirements.lock"):
        shutil.copy(ROOT / name, root)
    run("git", "add", "--all", cwd=root)
    run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "all", cwd=root)
    return root
