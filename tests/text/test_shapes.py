import numpy as np
import pytest
from scipy import ndimage

from symptomeme.text.runs import runs_of
from symptomeme.text.shapes import find_shapes


def labelled(seed, *, size, share):
    return ndimage.label(np.random.default_rng(seed).random(size) < share)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (30, 50)])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
def test_boxes_are_those_of_scipy(size, share):
    labels, number = labelled(1, size=size, share=share)
    boxes = [(y.start, y.stop, x.start, x.stop) for y, x in ndimage.find_objects(labels)]
    assert runs_of(labels).boxes(number).tolist() == np.reshape(boxes, (number, 4)).tolist()


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_painted_gives_each_shape_its_value(share):
    labels, number = labelled(2, size=(30, 50), share=share)
    values = np.random.default_rng(3).integers(0, 9, number + 1)
    assert (runs_of(labels).painted(values) == values[labels]).all()


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
