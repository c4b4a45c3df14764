"""BentoML's stores in the project: champions go in under their digest, Bentos come out."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bentoml
import yaml
from bentoml.exceptions import BentoMLException

from symptomeme.domain.digests import of_file, of_folder
from symptomeme.domain.errors import RegistryError, ToolError
from symptomeme.domain.layout import BENTOML
from symptomeme.domain.pointer import MODEL_FOLDER, PackagedModel

DIGEST_LABEL = "symptomeme.digest."
"""With a task after it: the label of a Bento that holds the digest of its model."""


def use_store() -> Path:
    """Have BentoML use the project's store, where BENTOML_HOME does not name another, and report nothing home."""
    os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
    return Path(os.environ.setdefault("BENTOML_HOME", str(BENTOML.absolute())))


def put_model(folder: Path, model: PackagedModel) -> None:
    """Put a model folder into the store, unless it is there already, whole.

    Raises:
        RegistryError: the folder is not what the registry calls by this digest.
        ToolError: BentoML does not take a model of this name.
        OSError: there is no room.
    """
    name, _, version = model.tag.partition(":")
    place = use_store() / "models" / name / version
    kept = place / MODEL_FOLDER
    if (place / "model.yaml").is_file() and kept.is_dir() and of_folder(kept) == model.digest:
        return
    shutil.rmtree(place, ignore_errors=True)  # changed, or left by a process that was killed
    labels = {"name": model.name, "variant": model.variant, "digest": model.digest}
    try:
        with _told_of_room(place), bentoml.models.create(model.tag, labels=labels) as stored:
            shutil.copytree(folder, Path(stored.path) / MODEL_FOLDER)
    except (BentoMLException, ValueError) as error:
        told = " ".join(str(error).split())[:200]
        raise ToolError(
            f"BentoML does not take {model.tag} into its store: {told}. Choose another register.model_prefix."
        ) from None
    if of_folder(kept) != model.digest:
        shutil.rmtree(place)
        raise RegistryError(
            f"{model.name} {model.version}: its model folder is not the one that was registered: it is not packaged. "
            "Delete the version in MLflow and register it again ('dvc repro --force --single-item register')."
        )


def build_bento(context: Path, tag: str, *, force: bool) -> bool:
    """Build a Bento from a context, unless it is in the store already, whole.

    Args:
        context: a folder as `bentofile.write_context` leaves it.
        tag: of the Bento; one tag stands for one content of the context.
        force: build it even so.

    Returns:
        Whether it was built.

    Raises:
        ToolError: BentoML cannot build it.
        OSError: there is no room.
    """
    name, _, version = tag.partition(":")
    place = use_store() / "bentos" / name / version
    if not force and _is_whole(place, context):
        return False
    with _aside(place), _told_of_room(place):
        try:
            bentoml.bentos.build_bentofile(
                str(context / "bentofile.yaml"), name=name, version=version, build_ctx=str(context), reload=False
            )
        except BentoMLException as error:
            raise ToolError(
                f"bentoml build: {' '.join(str(error).split())[:300]}. Mend that and run it again."
            ) from None
    return True


def delete_bento(tag: str) -> None:
    """Take a Bento out of the store."""
    name, _, version = tag.partition(":")
    shutil.rmtree(use_store() / "bentos" / name / version, ignore_errors=True)


def bentos_holding(digest: str) -> list[str]:
    """Tags of the Bentos in the store that were built with the model of this digest, oldest first."""
    found = []
    for file in (use_store() / "bentos").glob("*/*/bento.yaml"):
        labels = (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get("labels") or {}
        if digest in (value for name, value in labels.items() if name.startswith(DIGEST_LABEL)):
            found.append((file.stat().st_mtime_ns, f"{file.parents[1].name}:{file.parent.name}"))
    return [tag for _, tag in sorted(found)]


def _is_whole(place: Path, context: Path) -> bool:
    """Whether the store holds a Bento with every file of the context's package: a killed build leaves some out."""
    if not (place / "bento.yaml").is_file():
        return False
    package = context / "src"
    return all(
        (place / "src" / file.relative_to(package)).is_file()
        and of_file(place / "src" / file.relative_to(package)) == of_file(file)
        for file in package.rglob("*")
        if file.is_file()
    )


@contextmanager
def _aside(place: Path) -> Iterator[None]:
    """Keep what lies at `place` out of the way, and bring it back when the block fails."""
    aside = use_store() / "tmp" / f"{place.parent.name}-{place.name}-{os.getpid()}"
    aside.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():
        place.rename(aside)
    try:
        yield
    except BaseException:
        if aside.exists():
            shutil.rmtree(place, ignore_errors=True)
            aside.rename(place)
        raise
    shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def _told_of_room(place: Path) -> Iterator[None]:
    """Tell a full disk as such: shutil gathers the errors of a folder's files in one without a number."""
    try:
        yield
    except shutil.Error as error:
        if os.strerror(errno.ENOSPC) in str(error):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place)) from None
        raise
