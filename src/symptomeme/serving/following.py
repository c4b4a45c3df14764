"""The models a service answers with: those that are live, exchanged while it runs."""

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from PIL import Image

from symptomeme.domain.errors import SymptomemeError
from symptomeme.domain.pointer import Live, PackagedModel, read_live
from symptomeme.domain.threads import THREADS

if TYPE_CHECKING:
    from symptomeme.predictor import Served

Models = Mapping[str, "Served"]

POLL, PATIENCE = 1.0, 60.0  # seconds between looks at the pointer; at most, where what it names cannot be loaded

_log = logging.getLogger("bentoml.symptomeme")


class Followed:
    """The models that a pointer names, by task.

    A thread looks whether the pointer has moved, loads and tries what is new beside what runs, and exchanges all at
    once. Who took `now()` before goes on with the old models until done. What cannot be loaded is tried again, less
    and less often, and the old models stay.
    """

    def __init__(self, *, pointer: Path | None, own: Path | None, find: Callable[[PackagedModel], Path]) -> None:
        """Load what is live; where nothing is, or it cannot be loaded, the models that the Bento brings.

        Args:
            pointer: the file to follow; None: none.
            own: the Bento's list of its models; None: this is no Bento.
            find: gives the folder of a packaged model.
        """
        self._pointer, self._find = pointer, find
        self._models: Models = MappingProxyType({})
        self._named: Mapping[str, PackagedModel] = {}
        self._seen: tuple[int, int] | None = None
        self._ended = threading.Event()
        self._look_without_stopping()
        if not self._models and own is not None:
            live = read_live(own)
            if live is not None:
                self._load(live)

    def now(self) -> Models:
        """The models to answer one request with; empty while there are none."""
        return self._models

    def named(self) -> Mapping[str, PackagedModel]:
        """What is known of these models, by task."""
        return self._named

    def follow(self) -> None:
        """Start to look for changes, until `end`."""
        if self._pointer is not None:
            threading.Thread(target=self._follow, name="follow-live", daemon=True).start()

    def end(self) -> None:
        """Stop looking."""
        self._ended.set()

    def look(self) -> bool:
        """Exchange the models if the pointer has moved; tell whether all is as it says."""
        stamp = self._stamp()
        if stamp is None or stamp == self._seen or self._pointer is None:
            return True
        try:
            live = read_live(self._pointer)
            if live is not None:
                self._load(live)
        except (SymptomemeError, OSError) as error:
            _log.error("what is live cannot be loaded, going on with what was: %s", error)
            return False
        self._seen = stamp
        return True

    def _follow(self) -> None:
        wait = POLL
        while not self._ended.wait(wait):
            wait = POLL if self._look_without_stopping() else min(2 * wait, PATIENCE)

    def _look_without_stopping(self) -> bool:
        try:
            return self.look()
        except Exception:  # a service does not end, nor stop to follow, because one model broke
            _log.exception("what is live cannot be loaded, going on with what was")
            return False

    def _load(self, live: Live) -> None:
        """Load and try each model that is not loaded yet, then take them all into service."""
        from symptomeme.predictor import Predictor, Served  # noqa: PLC0415 - torch, which only a worker needs

        models: dict[str, Served] = {}
        for task, model in live.models.items():
            known = self._named.get(task)
            if known is not None and known.digest == model.digest:
                predictor = self._models[task].predictor
            else:
                predictor = Predictor(self._find(model), threads=THREADS)
                predictor.predict([Image.new("RGB", (8, 8), "white")], [""])
            models[task] = Served(predictor=predictor, name=model.name, version=model.version)
        self._named, self._models = live.models, MappingProxyType(models)
        _log.info("serving %s", ", ".join(f"{model.name} {model.version}" for model in live.models.values()))

    def _stamp(self) -> tuple[int, int] | None:
        """What changes whenever the pointer is moved: a rename brings another inode."""
        try:
            found = self._pointer.stat() if self._pointer is not None else None
        except FileNotFoundError:
            return None
        return None if found is None else (found.st_mtime_ns, found.st_ino)
