"""What a Bento is built from: a copy of bentofile.yaml with models, digests and locked requirements, and the code."""

import re
import shutil
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from symptomeme.domain.errors import InputError
from symptomeme.domain.layout import BENTOFILE, LOCK
from symptomeme.domain.pointer import OWN_MODELS, Live
from symptomeme.domain.writing import write_json, write_text
from symptomeme.lifecycle.bentos import DIGEST_LABEL
from symptomeme.lifecycle.requirements import SERVICE, of_model


def write_context(target: Path, live: Live, *, folders: Iterable[Path]) -> None:
    """Write bentofile.yaml, requirements.txt, the list of models and the package's code into a new folder.

    The same models, code, lock and bentofile.yaml leave the same bytes.

    Args:
        target: the folder.
        live: the models.
        folders: the model folder of each.

    Raises:
        InputError: bentofile.yaml or requirements.lock is missing.
    """
    told = yaml.safe_load(_read(BENTOFILE))
    told["models"] = [model.tag for model in live.models.values()]
    told["labels"] = {f"{DIGEST_LABEL}{task}": model.digest for task, model in live.models.items()}
    told["python"]["requirements_txt"] = "requirements.txt"
    told["include"] = [*told["include"], f"src/{OWN_MODELS}"]
    needed = [*SERVICE, *(name for folder in folders for name in of_model(folder))]
    write_text(target / "requirements.txt", "\n".join(locked(_read(LOCK), needed)) + "\n")
    write_text(target / "bentofile.yaml", yaml.safe_dump(told, sort_keys=False))
    write_json(target / "src" / OWN_MODELS, live.model_dump())
    package = Path(__file__).parents[1]
    for path in _shipped(told["include"], package):
        place = target / "src" / package.name / path.relative_to(package)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)


def locked(lock: str, names: Iterable[str]) -> list[str]:
    """Lines of a lock for these distributions and all that they need here; what the lock leaves out stays out."""
    pins = {canonicalize_name(line.partition("==")[0]): line for line in lock.splitlines() if re.match(r"\w", line)}
    needed: set[NormalizedName] = set()
    waiting = [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += _needs(name)
    needed.discard(canonicalize_name("bentoml"))  # it pins itself
    return sorted(pins[name] for name in needed if name in pins)


def _needs(name: str) -> list[NormalizedName]:
    """What an installed distribution requires without extras."""
    try:
        found = [Requirement(line) for line in requires(name) or []]
    except PackageNotFoundError:
        return []
    return [canonicalize_name(one.name) for one in found if one.marker is None or one.marker.evaluate({"extra": ""})]


def _shipped(include: list[str], package: Path) -> list[Path]:
    """The package's source files and assets that bentofile.yaml includes, by folder or file."""
    wanted = [entry.removeprefix(f"src/{package.name}/") for entry in include]
    found: list[Path] = []
    for entry in wanted:
        if entry.endswith("/"):
            pattern = "*" if entry.startswith("assets/") else "*.py"
            found += (path for path in (package / entry).rglob(pattern) if path.is_file())
        elif (package / entry).is_file():
            found.append(package / entry)
    return sorted(found)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path} is missing: run this in the project's root, and 'git checkout {path}'.") from None
