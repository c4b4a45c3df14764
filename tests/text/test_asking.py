"""Batches, memory, answers that are kept: with a model a reader can follow."""

import os
import signal
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image

from symptomeme.domain.errors import DataError, ImageError, ModelError
from symptomeme.text.asking import MOST_ENDS, Meme, reason_on
from symptomeme.text.reasoning import Reasoned

WHOLE = "1. Cause-Effect: {0} does so. 2. Figurative Understanding: {0} is meant. 3. Mental State: {0} feels so."


class Model:
    """Answers by a picture's grey; notes what it was asked together. Greys it chokes on need a batch of their own."""

    def __init__(self, *, room: int = 100, greedy: Sequence[int] = (), error: type[Exception] = MemoryError) -> None:
        self.room, self.greedy, self.error = room, greedy, error
        self.asked: list[list[int]] = []
        self.garbage: dict[int, str] = {}
        self.before: Callable[[list[int]], None] = lambda _: None

    def answer(self, pictures: Sequence[Image.Image], questions: Sequence[str]) -> list[str]:
        greys = [picture.getpixel((0, 0))[0] for picture in pictures]  # type: ignore[index]
        pairs = zip(greys, questions, strict=True)
        assert all(f"The words in it: grey {grey}" in question for grey, question in pairs)
        self.asked.append(greys)
        self.before(greys)
        if len(greys) > self.room or set(greys) & set(self.greedy):
            raise self.error("the model failed (RuntimeError: too long)")
        return [self.garbage.get(grey, WHOLE.format(grey)) for grey in greys]


@pytest.fixture
def memes(tmp_path: Path) -> list[Meme]:
    """Ten grey pictures; the last has the bytes and words of the first."""
    found = []
    for grey in range(9):
        path = tmp_path / f"{grey}.png"
        Image.new("RGB", (4, 4), (grey, grey, grey)).save(path)
        found.append(Meme(sha256(path.read_bytes()).hexdigest(), path, f"grey {grey}"))
    return [*found, found[0]]


def run(memes: list[Meme], model: Model, tmp_path: Path, *, share: float = 1.0) -> list[Reasoned]:
    return reason_on(memes, lambda: model, cache=tmp_path / "cache", batch_size=4, max_failed_share=share)


def good(*greys: int) -> list[Reasoned]:
    return [Reasoned(WHOLE.format(grey)) for grey in greys]


def test_the_same_picture_and_words_are_asked_about_once_and_never_again(memes: list[Meme], tmp_path: Path) -> None:
    model = Model()
    assert run(memes, model, tmp_path) == good(*range(9), 0)
    assert model.asked == [[0, 1, 2, 3], [4, 5, 6, 7], [8]]

    def unwanted() -> Model:
        pytest.fail("loaded again")

    kept = reason_on(memes, unwanted, cache=tmp_path / "cache", batch_size=4, max_failed_share=0.0)
    assert kept == good(*range(9), 0)
    other = Model()
    run([memes[0]._replace(words="grey 0 "), memes[1]], other, tmp_path)
    assert other.asked == [[0]]


def test_a_batch_that_memory_does_not_hold_is_halved(memes: list[Meme], tmp_path: Path) -> None:
    model = Model(room=2)
    assert run(memes, model, tmp_path, share=0.0) == good(*range(9), 0)
    assert model.asked == [[0, 1, 2, 3], [0, 1], [2, 3], [4, 5], [6, 7], [8]]


@pytest.mark.parametrize(
    ("error", "fault"),
    [(MemoryError, "out of memory"), (ModelError, "the model failed (RuntimeError: too long)")],
)
def test_one_meme_that_it_fails_on_is_left_without_reasoning(
    error: type[Exception], fault: str, memes: list[Meme], tmp_path: Path
) -> None:
    model = Model(greedy=[2], error=error)
    found = run(memes, model, tmp_path, share=0.1)
    assert found[2] == Reasoned("", None, fault)
    assert found[:2] + found[3:] == good(0, 1, 3, 4, 5, 6, 7, 8, 0)
    # the others are asked about together again once it was found
    assert model.asked == [[0, 1, 2, 3], [0, 1], [2, 3], [2], [3, 4, 5, 6], [7, 8]]
    again = Model()
    assert run(memes, again, tmp_path)[2] == good(2)[0]  # no answer was kept, so that more memory helps
    assert again.asked == [[2]]


def test_garbage_is_kept_and_counted_and_too_much_of_it_stops_the_run_at_once(
    memes: list[Meme], tmp_path: Path
) -> None:
    model = Model()
    model.garbage = {0: "grey is my mood", 1: "1. Cause-Effect: a b c"}
    found = run(memes, model, tmp_path, share=0.3)
    assert [found[at].fault for at in (0, 1, 9)] == [
        "no part Cause-Effect", "no part Figurative Understanding", "no part Cause-Effect"
    ]  # fmt: skip
    assert found[0].answer == "grey is my mood"
    told = (
        "3 of 10 memes got no reasoning: no part Cause-Effect: 2; no part Figurative "
        "Understanding: 1. At most 20.0% may fail (reason.max_failed_share): name another model, or allow more."
    )
    model.asked.clear()
    for where in ("fresh", "fresh"):  # once as it answers, once from what is kept
        with pytest.raises(DataError) as stopped:
            run(memes, model, tmp_path / where, share=0.2)
        assert str(stopped.value) == told
    assert model.asked == [[0, 1, 2, 3]]


def test_an_interrupted_run_goes_on_where_it_was(memes: list[Meme], tmp_path: Path) -> None:
    def interrupt(greys: list[int]) -> None:
        if 4 in greys:
            raise KeyboardInterrupt

    for _ in range(MOST_ENDS + 1):  # on purpose: no meme is to blame
        model = Model()
        model.before = interrupt
        with pytest.raises(KeyboardInterrupt):
            run(memes, model, tmp_path)
    model = Model()
    assert run(memes, model, tmp_path) == good(*range(9), 0)
    assert model.asked == [[4, 5, 6, 7], [8]]


def killed_at(grey: int, memes: list[Meme], tmp_path: Path) -> None:
    """Ask in a process of its own, which the system kills at this meme."""

    def kill(greys: list[int]) -> None:
        if grey in greys:
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        model = Model()
        model.before = kill
        run(memes, model, tmp_path)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


AS_A_CHILD = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12, where there are threads


@AS_A_CHILD
def test_what_was_asked_when_the_process_was_killed_is_asked_last_and_alone(memes: list[Meme], tmp_path: Path) -> None:
    killed_at(5, memes, tmp_path)
    model = Model()
    assert run(memes, model, tmp_path) == good(*range(9), 0)
    assert model.asked == [[8], [4], [5], [6], [7]]


@AS_A_CHILD
def test_a_meme_that_ends_the_process_every_time_is_left_out(memes: list[Meme], tmp_path: Path) -> None:
    for _ in range(MOST_ENDS):
        killed_at(5, memes, tmp_path)
    model = Model()
    found = run(memes, model, tmp_path, share=0.1)
    assert found[5] == Reasoned("", None, "the process was ended 3 times")
    assert found[:5] + found[6:] == good(0, 1, 2, 3, 4, 6, 7, 8, 0)
    assert model.asked == [[6], [7]]


def test_a_picture_with_other_bytes_is_not_asked_about(memes: list[Meme], tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), "red").save(memes[3].image)
    with pytest.raises(ImageError, match=r"3\.png: its bytes have changed\. Run it again; in the graph, 'dvc repro'\."):
        run(memes, Model(), tmp_path)
