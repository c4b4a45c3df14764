"""Champions become a Bento that has answered a real request, and then go live."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from symptomeme.domain.digests import of_folder
from symptomeme.domain.errors import RegistryError
from symptomeme.domain.layout import StatePaths
from symptomeme.domain.locking import alone
from symptomeme.domain.params import Params
from symptomeme.domain.pointer import Live, PackagedModel, read_live, write_live
from symptomeme.lifecycle.bentofile import write_context
from symptomeme.lifecycle.bentos import build_bento, delete_bento, put_model, use_store
from symptomeme.lifecycle.candidate import DIGEST, KIND, VARIANT
from symptomeme.lifecycle.gate import CARD
from symptomeme.lifecycle.journal import held
from symptomeme.lifecycle.lineage import DATASET
from symptomeme.lifecycle.moves import CHAMPION, settle
from symptomeme.lifecycle.naming import model_name
from symptomeme.lifecycle.probe import probe
from symptomeme.lifecycle.registry import Registry
from symptomeme.predictor import Predictor, Served

BENTO = "symptomeme-service"  # no name of a module: BentoML would import that one in place of the Bento's own code
SHORT = 12  # digits of a digest in a tag
_PATIENCE = 300  # seconds that one who packages waits for another

Probe = Callable[[str, list[Served]], None]


class Packaged(NamedTuple):
    """What `package_champions` did."""

    built: bool  # a Bento that was not there before
    moved: bool  # the pointer names another than before
    live: Live

    def told(self) -> dict[str, Any]:
        """As `symptomeme package --json` prints it."""
        models = {task: model.model_dump(exclude={"card"}) for task, model in self.live.models.items()}
        return {"built": self.built, "moved": self.moved, "bento": self.live.bento, "models": models,
                "live": str(StatePaths().live)}  # fmt: skip


class _Champion(NamedTuple):
    """A registered version with its files."""

    folder: Path
    model: PackagedModel


def package_champions(params: Params, *, force: bool = False, try_out: Probe = probe) -> Packaged:
    """Make the champions of the tasks in params live: into the model store, into a Bento, tried out, pointer moved.

    The pointer moves last and by one rename: whatever fails or is killed before leaves what is live as it is. What is
    there already is not made again.

    Args:
        params: says which tasks, and what their models are called.
        force: build and try out even what is live already.
        try_out: sends the built Bento a request, raises when its answer is wrong.

    Raises:
        RegistryError: a task has no champion, or the registry does not confirm its files.
        ToolError: BentoML cannot build it, or the built Bento answers otherwise than its models.
        InputError: another process is packaging, or bentofile.yaml or requirements.lock is missing.
        OSError: there is no room.
    """
    use_store()
    pointer = StatePaths().live
    with alone("package", patience=_PATIENCE):  # champions are read within: the last to read is the last to move
        champions = {task: _champion(params, task) for task in params.tasks}
        for champion in champions.values():
            put_model(champion.folder, champion.model)
        models: dict[str, PackagedModel] = {task: champion.model for task, champion in champions.items()}
        with TemporaryDirectory(prefix="symptomeme-package-") as scratch:
            context = Path(scratch) / "context"
            folders = [champion.folder for champion in champions.values()]
            write_context(context, Live(bento=None, models=models), folders=folders)
            tag = f"{BENTO}:{of_folder(context)[:SHORT]}"
            built = build_bento(context, tag, force=force)
        live = Live(bento=tag, models=models)
        moved = read_live(pointer) != live
        if built or moved:
            try:
                try_out(tag, [_served(champion) for champion in champions.values()])
            except BaseException:
                if built:
                    delete_bento(tag)
                raise
        if moved:
            write_live(pointer, live)
    return Packaged(built=built, moved=moved, live=live)


def _champion(params: Params, task: str) -> _Champion:
    """The champion of a task, confirmed by the registry; one whose alias was moved by hand is logged as such.

    Raises:
        RegistryError: there is none, or its files or tags are not those of a registered variant.
    """
    registration = params.registration
    name = model_name(registration, task)
    registry = Registry(experiment=registration.experiment)
    with held(name):
        settle(registry, task, name)
    if registry.by_alias(name, CHAMPION) is None:
        raise RegistryError(
            f"{name} has no champion: it was deleted by hand, or none was registered. Nothing is packaged. "
            f"'symptomeme rollback --task {task}' or 'symptomeme promote --task {task}' makes one of what is "
            "registered; 'dvc repro' trains and registers."
        )
    folder, version = registry.fetch(f"models:/{name}@{CHAMPION}")
    digest, kind = version.tags.get(DIGEST, ""), version.tags.get(KIND)
    if kind != "variant" or of_folder(folder) != digest:
        fault = "is no variant of this model" if kind != "variant" else "has another digest than its model folder"
        raise RegistryError(f"{name} {version.version} {fault}: it is not packaged. Give the alias to another version.")
    with TemporaryDirectory(prefix="symptomeme-card-") as scratch:
        card = registry.logged(version, CARD, into=Path(scratch))
        told = None if card is None else card.read_text(encoding="utf-8")
    model = PackagedModel(
        name=name,
        version=str(version.version),
        variant=version.tags.get(VARIANT, ""),
        digest=digest,
        tag=f"{name}:{digest[:SHORT]}".lower(),
        data=version.tags.get(DATASET),
        card=told,
    )
    return _Champion(folder, model)


def _served(champion: _Champion) -> Served:
    return Served(predictor=Predictor(champion.folder), name=champion.model.name, version=champion.model.version)
