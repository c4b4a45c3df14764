"""When a planted symbol counts as found, and what chance explains."""

import pytest
from explanations import covered, most_by_chance, ranked
from planted_memes import drawn_anew

from symptomeme.data.transforms import read_picture
from symptomeme.domain.labels import TASKS, Task
from symptomeme.explaining.explainer import Explained
from symptomeme.explaining.patches import Patch
from symptomeme.explaining.words import Word

SYMBOL = (6.0, 0.0, 20.0, 10.0)


def explained(words: list[float | None], patches: list[float]) -> Explained:
    """Patches of 10 pixels from left to right: SYMBOL covers four tenths of the first, all of the second."""
    return Explained(
        *("label", 0.0, 0.0, 0.0, 32),
        [Word("word", 0, 4, score) for score in words],
        [Patch((10.0 * at, 0.0, 10.0 * at + 10, 10.0), -1.0, strength) for at, strength in enumerate(patches)],
    )


def test_a_patch_is_covered_by_a_share() -> None:
    boxes = [(10.0 * at, 0.0, 10.0 * at + 10, 10.0) for at in range(3)]
    assert [covered(box, SYMBOL) for box in boxes] == pytest.approx([0.4, 1, 0])
    assert covered((0.0, 5.0, 10.0, 15.0), SYMBOL) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("words", "patches", "found"),
    [
        ([0.1, None], [0.2, 0.9, 0.3], True),
        ([0.1, None], [0.9, 0.2, 0.3], True),
        ([1.0, None], [0.2, 0.9, 0.3], False),  # a word comes before it
        ([0.1, None], [0.2, 0.9, 1.0], False),  # another part of the picture does
        ([0.1, None], [0.2, -0.9, 0.3], False),  # it speaks against the label
    ],
)
def test_the_symbol_is_found_where_the_first_part_shows_it(
    words: list[float | None], patches: list[float], *, found: bool
) -> None:
    assert ranked(explained(words, patches), SYMBOL) == (found, 2 / 4)


def test_chance_explains_what_a_binomial_does() -> None:
    assert most_by_chance([0.5] * 4) == 4  # 15 of 16 for up to 3 are less than 95%
    assert most_by_chance([0.5] * 5) == 4  # 31 of 32
    assert most_by_chance([0.0] * 9) == 0
    assert most_by_chance([0.1] * 50) == 9  # of 50 with one in ten: 0.942 up to 8, 0.975 up to 9


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_memes_of_another_drawing_show_one_symbol(task: Task) -> None:
    first, other = (drawn_anew(task, 3, seed=seed) for seed in (1, 2))
    for meme in first + other:
        assert meme.text
        assert meme.label in task.labels
        width, height = read_picture(meme.picture).size
        left, top, right, bottom = meme.box
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
    assert len({meme.picture for meme in first + other}) == 6
