import numpy as np
import pytest
from scipy import ndimage

from symptomeme.text.runs import connected
from symptomeme.text.shapes import find_shapes

STRUCTURES = {True: np.ones((3, 3), bool), False: None}


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (2, 2), (30, 50)])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
@pytest.mark.parametrize("diagonally", [False, True])
def test_connected_finds_the_shapes_of_scipy(size, share, diagonally):
    for seed in range(5):
        ink = np.random.default_rng(seed).random(size) < share
        labels, number = ndimage.label(ink, structure=STRUCTURES[diagonally])
        boxes = [(y.start, y.stop, x.start, x.stop) for y, x in ndimage.find_objects(labels)]
        found = connected(ink, diagonally=diagonally)
        assert (found.painted(np.arange(number + 1)) == labels).all()
        assert found.boxes().tolist() == np.reshape(boxes, (number, 4)).tolist()
        assert (found.at(*np.indices(size).reshape(2, -1)) == labels.ravel()).all()


def letters(*rows, height=10):
    """Dark bars on light paper: five in each row, whose tops are given."""
    ink = np.zeros((100, 120), bool)
    for row in rows:
        for left in range(20, 90, 14):
            ink[row : row + height, left : left + 6] = True
    return ink


def lines(ink):
    return [line[1:3] for line in find_shapes(ink, ground=~ink).lines]


def test_lines_with_rows_between_them_are_apart():
    assert lines(letters(20, 34)) == [(20, 30), (34, 44)]
    assert lines(letters(20, 60)) == [(20, 30), (60, 70)]


def test_letters_set_lower_than_those_beside_them_are_in_their_line():
    ink = letters(20)
    ink[:, 55:] = np.roll(ink[:, 55:], 6, axis=0)
    assert lines(ink) == [(20, 36)]
