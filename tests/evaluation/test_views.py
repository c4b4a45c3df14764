import pandas as pd

from symptomeme.evaluation.views import leaked, views

MEMES = pd.DataFrame(
    [
        ("train/1", "train", "a"),
        ("train/2", "train", "b"),
        ("val/1", "val", "a"),
        ("val/2", "val", "c"),
        ("test/1", "test", "b"),
        ("test/2", "test", "c"),
        ("test/3", "test", "d"),
        ("extra/1", "extra", "d"),
        ("extra/2", "extra", "a"),
    ],
    columns=["key", "split", "cluster"],
)


def test_leaked_is_what_a_split_fitted_on_before_holds() -> None:
    assert MEMES.key[leaked(MEMES)].tolist() == ["val/1", "test/1", "test/2", "extra/2"]


def test_views_of_every_split_but_train() -> None:
    memes = MEMES.assign(leaked=leaked(MEMES))
    assert [(split, view, memes.key[rows].tolist()) for split, view, rows in views(memes)] == [
        ("val", "published", ["val/1", "val/2"]),
        ("val", "leak_free", ["val/2"]),
        ("test", "published", ["test/1", "test/2", "test/3"]),
        ("test", "leak_free", ["test/3"]),
        ("extra", "published", ["extra/1", "extra/2"]),
        ("extra", "leak_free", ["extra/1"]),
    ]


def test_a_view_without_memes_is_left_out() -> None:
    memes = MEMES[MEMES.key.isin(["train/1", "val/1"])].assign(leaked=[False, True])
    assert [(split, view) for split, view, _ in views(memes)] == [("val", "published")]
