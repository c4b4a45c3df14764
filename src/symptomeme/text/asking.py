"""Asking a model about many memes: each once, in batches as large as memory allows, every answer kept."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from diskcache import Cache
from PIL import Image

from symptomeme.data.known import known_picture
from symptomeme.domain.digests import of_text
from symptomeme.domain.errors import ImageError, ModelError
from symptomeme.domain.progress import progress
from symptomeme.text.failures import Failures
from symptomeme.text.kept import kept_in
from symptomeme.text.ocr import told_of_pictures
from symptomeme.text.reasoning import Reasoned, question, understood

MOST_ENDS = 3
"""A meme at which the process was ended so often is asked about no more: the system ends what takes all its memory."""

_AT_WORK = "at work"


class Meme(NamedTuple):
    """What a model is asked about."""

    sha256: str  # of the picture's bytes
    image: Path
    words: str

    @property
    def entry(self) -> str:
        """What its answer is kept under: memes with the same picture and words share one."""
        return f"{self.sha256} {of_text(self.words)}"


class Reasoner(Protocol):
    """Whatever answers questions about pictures."""

    def answer(self, pictures: Sequence[Image.Image], questions: Sequence[str]) -> list[str]:
        """One answer a picture (RGB), in order.

        Raises:
            MemoryError: so many do not fit into memory.
            ModelError: the model fails on one of them.
        """


def reason_on(
    memes: Sequence[Meme],
    load: Callable[[], Reasoner],
    *,
    cache: Path,
    batch_size: int,
    max_failed_share: float,
) -> list[Reasoned]:
    """Reasoning on each meme, in order; a meme that a model fails on has a fault in its place, and the run goes on.

    Args:
        memes: with the same picture and words, once is asked.
        load: the model, which is loaded only if there is something to ask.
        cache: a folder for this model and question alone. A run that was stopped goes on from it.
        batch_size: the most memes that are asked about at a time.
        max_failed_share: of the memes, that may have a fault.

    Raises:
        DataError: more have one; told as soon as it is sure.
        ImageError: a picture cannot be opened or has changed.
    """
    with kept_in(cache) as store:
        _count_ends(store)
        of_entry = {meme.entry: understood(store[meme.entry]) for meme in memes if meme.entry in store}
        failures = Failures(of=len(memes), at_most=max_failed_share)
        for meme in memes:
            if meme.entry in of_entry:
                failures.note(of_entry[meme.entry].fault)
        missing = {meme.entry: meme for meme in memes if meme.entry not in of_entry}
        sharing = Counter(meme.entry for meme in memes)
        asked = _asked(store, missing.values(), load, batch_size)
        for meme, found in progress(asked, what="reasoning", total=len(missing)):
            of_entry[meme.entry] = found
            failures.note(found.fault, memes=sharing[meme.entry])
    return [of_entry[meme.entry] for meme in memes]


def _asked(
    store: Cache, memes: Iterable[Meme], load: Callable[[], Reasoner], batch_size: int
) -> Iterator[tuple[Meme, Reasoned]]:
    """What is made of each meme; those at which the process was ended before come last, each by itself."""
    by_ends: dict[bool, list[Meme]] = {True: [], False: []}
    for meme in memes:
        ends = store.get(_ends(meme.entry), default=0)
        if ends < MOST_ENDS:
            by_ends[ends > 0].append(meme)
        else:
            yield meme, Reasoned("", fault=f"the process was ended {ends} times")
    if not any(by_ends.values()):
        return
    reasoner = load()
    for ended_before, waiting in sorted(by_ends.items()):
        yield from _in_batches(store, deque(waiting), reasoner, 1 if ended_before else batch_size)


def _in_batches(
    store: Cache, waiting: deque[Meme], reasoner: Reasoner, batch_size: int
) -> Iterator[tuple[Meme, Reasoned]]:
    """Halve a batch that fails, until one meme alone is left that fails."""
    size = batch_size
    while waiting:
        batch = [waiting.popleft() for _ in range(min(size, len(waiting)))]
        try:
            answers = _answers(store, batch, reasoner)
        except (MemoryError, ModelError) as error:
            if len(batch) > 1:
                size = len(batch) // 2
                waiting.extendleft(reversed(batch))
            else:
                size = batch_size  # it was this meme alone
                yield batch[0], Reasoned("", fault="out of memory" if isinstance(error, MemoryError) else str(error))
        else:
            for meme, answer in zip(batch, answers, strict=True):
                yield meme, understood(answer)


def _answers(store: Cache, batch: list[Meme], reasoner: Reasoner) -> list[str]:
    """What the model says, kept; while it is asked the store says about what."""
    try:
        pictures = [known_picture(meme.image, meme.sha256) for meme in batch]
    except ImageError as error:
        raise ImageError(told_of_pictures([error])) from None
    store[_AT_WORK] = [meme.entry for meme in batch]
    try:
        answers = reasoner.answer(pictures, [question(meme.words) for meme in batch])
        with store.transact():
            for meme, answer in zip(batch, answers, strict=True):
                store[meme.entry] = answer
    finally:
        del store[_AT_WORK]
    return answers


def _count_ends(store: Cache) -> None:
    """Note what a process that was ended was asking about."""
    for entry in store.pop(_AT_WORK, default=()):
        store.incr(_ends(entry))


def _ends(entry: str) -> str:
    return f"ends {entry}"
