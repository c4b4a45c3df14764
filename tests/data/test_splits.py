import random
from collections import Counter
from typing import NamedTuple

import pytest

from symptomeme.data.splits import leaked, place


class Memes(NamedTuple):
    keys: list[str]
    origins: list[str]
    clusters: list[str]
    labels: list[tuple[str, ...]]

    def only(self, count: int) -> "Memes":
        return Memes(*(column[:count] for column in self))

    def shuffled(self, seed: int) -> "Memes":
        rows = list(zip(*self, strict=True))
        random.Random(seed).shuffle(rows)
        return Memes(*map(list, zip(*rows, strict=True)))


def memes_of(count: int, *, test: int = 0, val: int = 0, seed: int = 0, labels: str = "abc") -> Memes:
    """Train memes in clusters of 1 to 4, then test and val memes, some of which join clusters of train."""
    rng = random.Random(seed)
    keys = [f"train/TR-{i}" for i in range(count)]
    clusters: list[str] = []
    while len(clusters) < count:
        clusters += [keys[len(clusters)]] * rng.choice([1, 1, 1, 2, 4])
    del clusters[count:]
    kinds = [(label,) for label in rng.choices(labels, weights=range(1, len(labels) + 1), k=count)]
    for origin, prefix, more in (("test", "TE", test), ("val", "VA", val)):
        for i in range(more):
            keys.append(f"{origin}/{prefix}-{i}")
            clusters.append(rng.choice(clusters[:count]) if i % 2 else keys[-1])
            kinds.append(("a",))
    return Memes(keys, [key.split("/")[0] for key in keys], clusters, kinds)


def placed_at_once(
    memes: Memes, placed: dict[str, str] | None = None, share: float = 0.125, seed: int = 42
) -> dict[str, str]:
    return place(*memes, placed or {}, val_share=share, seed=seed)


def members(memes: Memes, split: dict[str, str], wanted: str) -> list[int]:
    return [i for i, key in enumerate(memes.keys) if split[key] == wanted]


def test_published_splits_stay_and_train_stays_whole_beside_a_published_validation() -> None:
    memes = memes_of(50, test=6, val=6)
    assert placed_at_once(memes) == dict(zip(memes.keys, memes.origins, strict=True))


def test_what_comes_with_a_published_validation_follows_its_mates_into_one_that_was_carved_before() -> None:
    memes = Memes(
        ["train/1", "train/2", "val/1", "train/3", "train/4", "train/5"],
        ["train", "train", "val", "train", "train", "train"],
        ["train/1", "train/2", "val/1", "train/1", "train/2", "val/1"],
        [("a",)] * 6,
    )
    split = placed_at_once(memes, {"train/1": "val", "train/2": "train"})
    assert [split[key] for key in memes.keys] == ["val", "train", "val", "val", "train", "train"]


def test_extra_is_a_split_of_its_own() -> None:
    memes = Memes(["extra/1", "train/1"], ["extra", "train"], ["extra/1", "train/1"], [("a",)] * 2)
    assert placed_at_once(memes, share=0.5)["extra/1"] == "extra"


@pytest.mark.parametrize("share", [0.05, 0.125, 0.4])
def test_a_validation_split_of_the_asked_size_is_carved_stratified(share: float) -> None:
    memes = memes_of(1200, test=40)
    split = placed_at_once(memes, share=share)
    chosen = members(memes, split, "val")
    assert abs(len(chosen) - 1200 * share) <= 3
    in_train = Counter(memes.labels[i] for i in range(1200))
    in_val = Counter(memes.labels[i] for i in chosen)
    stratum = Counter(memes.labels[memes.keys.index(memes.clusters[i])] for i in chosen)
    for label, count in in_train.items():
        assert abs(in_val[label] - count * share) < 0.25 * count * share + 5
        assert abs(stratum[label] - count * share) < 40  # clusters are counted by their first meme's label


def test_single_memes_are_stratified_to_the_meme() -> None:
    memes = memes_of(800)
    memes = memes._replace(clusters=memes.keys)
    in_val = Counter(memes.labels[i] for i in members(memes, placed_at_once(memes), "val"))
    for label, count in Counter(memes.labels).items():
        assert abs(in_val[label] - count * 0.125) <= 1


def test_rare_combinations_are_pooled() -> None:
    combos = [(str(i),) for i in range(80)]  # each label once
    keys = [f"train/{i}" for i in range(80)]
    memes = Memes(keys, ["train"] * 80, keys, combos)
    assert len(members(memes, placed_at_once(memes), "val")) == 10


def test_no_cluster_is_cut_and_those_of_test_stay_in_train() -> None:
    memes = memes_of(600, test=60)
    split = placed_at_once(memes)
    for i, key in enumerate(memes.keys):
        mates = {
            split[other]
            for other, cluster in zip(memes.keys, memes.clusters, strict=True)
            if cluster == memes.clusters[i]
        }
        assert mates in ({"train"}, {"val"}, {"test"}, {"train", "test"}), key


def test_the_order_of_memes_does_not_matter() -> None:
    memes = memes_of(300, test=20)
    first = placed_at_once(memes)
    assert all(placed_at_once(memes.shuffled(seed)) == first for seed in range(3))
    more = memes_of(400, test=20)
    later = placed_at_once(more, first)
    assert placed_at_once(more.shuffled(1), first) == later


def test_the_seed_matters() -> None:
    memes = memes_of(300)
    assert placed_at_once(memes, seed=1) != placed_at_once(memes, seed=2)


@pytest.mark.parametrize("val", [0, 9])
def test_a_meme_once_placed_never_moves(val: int) -> None:
    whole = memes_of(500, test=30, val=val)
    placed: dict[str, str] = {}
    rng = random.Random(3)
    rows = list(zip(*whole.shuffled(4), strict=True))
    for count in sorted(rng.sample(range(50, len(rows)), 5)) + [len(rows)]:
        now = placed_at_once(Memes(*map(list, zip(*rows[:count], strict=True))), placed, share=rng.random() / 2)
        assert {key: now[key] for key in placed} == placed
        assert len(now) == count
        placed = now


def test_new_memes_follow_their_cluster() -> None:
    first = Memes(["train/1", "train/2"], ["train"] * 2, ["train/1", "train/2"], [("a",)] * 2)
    placed = {"train/1": "train", "train/2": "val"}
    more = Memes(
        [*first.keys, "train/3", "train/4", "test/5", "train/6", "train/7"],
        ["train", "train", "train", "train", "test", "train", "train"],
        ["train/1", "train/2", "train/1", "train/2", "test/5", "test/5", "train/7"],
        [("a",)] * 7,
    )
    split = placed_at_once(more, placed, share=0.999999)
    assert split == placed | {
        "train/3": "train",
        "train/4": "val",
        "test/5": "test",
        "train/6": "train",
        "train/7": "val",
    }
    assert placed_at_once(more, placed, share=0)["train/7"] == "train"


def test_a_meme_that_bridges_train_and_val_goes_to_train() -> None:
    memes = Memes([f"train/{i}" for i in range(3)], ["train"] * 3, ["train/0"] * 3, [("a",)] * 3)
    assert placed_at_once(memes, {"train/0": "val", "train/1": "train"})["train/2"] == "train"


def test_new_clusters_are_placed_by_hash_at_about_the_share() -> None:
    keys = [f"train/{i}" for i in range(2001)]
    memes = Memes(keys, ["train"] * 2001, keys, [("a",)] * 2001)
    split = placed_at_once(memes, {"train/0": "train"})
    assert 200 < len(members(memes, split, "val")) < 300
    assert placed_at_once(memes.only(1000), {"train/0": "train"}).items() <= split.items()


def test_train_that_comes_after_a_lone_test_split_is_carved() -> None:
    memes = memes_of(400, test=10)
    split = placed_at_once(memes, {key: "test" for key in memes.keys if key.startswith("test")})
    assert abs(len(members(memes, split, "val")) - 50) <= 3


def test_leaked_is_either_side_of_a_cluster_that_spans() -> None:
    splits = ["train", "test", "val", "extra", "train", "val", "test", "extra"]
    clusters = ["a", "a", "b", "b", "c", "c", "d", "d"]
    assert leaked(splits, clusters) == [True] * 4 + [False] * 4
