import numpy as np

from symptomeme.learning.predict import Embeddings
from symptomeme.learning.retrieval import hits


def test_perfect_pairs_are_found() -> None:
    assert hits(Embeddings(np.eye(4), np.eye(4)), k=1).tolist() == [1, 1, 1, 1]


def test_a_swapped_pair_is_found_only_among_more() -> None:
    swapped = np.eye(4)[[1, 0, 2, 3]]
    assert hits(Embeddings(np.eye(4), swapped), k=1).tolist() == [0, 0, 1, 1]
    assert hits(Embeddings(np.eye(4), swapped), k=4).tolist() == [1, 1, 1, 1]


def test_collapsed_embeddings_find_nothing() -> None:
    assert hits(Embeddings(np.ones((8, 2)), np.ones((8, 2))), k=5).sum() == 0


def test_each_direction_counts_half() -> None:
    text = np.array([[1.0, 0.0], [0.9, 0.1]])
    image = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert hits(Embeddings(text, image), k=1).tolist() == [1.0, 0.5]
