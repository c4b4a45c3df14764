"""Where each meme is used. A meme once placed never moves; nothing here depends on the order memes come in."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from symptomeme.data.naming import natural

_FITTED = {"train", "val"}
_JUDGED = {"test", "extra"}


class _Cluster(NamedTuple):
    """Train-origin memes that share a duplicate cluster."""

    name: str
    keys: list[str]
    labels: tuple[str, ...]  # of the one with the smallest key


def place(
    keys: Sequence[str],
    origins: Sequence[str],
    clusters: Sequence[str],
    labels: Sequence[Sequence[str]],
    placed: Mapping[str, str],
    *,
    val_share: float,
    seed: int,
) -> dict[str, str]:
    """Say for every meme whether it is used in train, val, test or extra.

    - Those in `placed` stay. Those published as val, test or extra are used as published.
    - With a published validation split those published as train are train, but for mates of those that became val
      before it came.
    - Else, at the first import, about `val_share` of them become val: whole clusters, stratified by label (by
      combination of labels; rare combinations together). Clusters that touch test or extra stay in train.
    - Later ones follow a mate of their cluster that is in train or val (train first, where it has both); a new cluster
      becomes val when a hash of its name and `seed` falls under `val_share`, and train when it touches test or extra.

    Args:
        keys: every meme there is, those in `placed` among them.
        origins: the published split of each.
        clusters: the duplicate cluster of each.
        labels: of each, in the task's order.
    """
    split = {key: placed.get(key, origin) for key, origin in zip(keys, origins, strict=True)}
    new = [key not in placed and origin == "train" for key, origin in zip(keys, origins, strict=True)]
    mates: dict[str, set[str]] = {}
    for key, cluster, is_new in zip(keys, clusters, new, strict=True):
        if not is_new:
            mates.setdefault(cluster, set()).add(split[key])
    groups = _grouped(keys, clusters, labels, new)
    if "val" in origins:
        carved = {
            cluster
            for key, origin, cluster in zip(keys, origins, clusters, strict=True)
            if origin == "train" and split[key] == "val"
        }
        chosen = {group.name for group in groups if group.name in carved and "train" not in mates[group.name]}
    elif any(origin == "train" and not is_new for origin, is_new in zip(origins, new, strict=True)):
        chosen = {group.name for group in groups if _follows_to_val(group.name, mates, val_share, seed)}
    else:
        chosen = _carved(groups, tied=set(mates), val_share=val_share, seed=seed)
    return split | {key: "val" for group in groups if group.name in chosen for key in group.keys}


def leaked(splits: Sequence[str], clusters: Sequence[str]) -> list[bool]:
    """For each meme, whether its cluster stands both among train or val and among test or extra."""
    met: dict[str, set[str]] = {}
    for split, cluster in zip(splits, clusters, strict=True):
        met.setdefault(cluster, set()).add(split)
    return [bool(met[cluster] & _FITTED) and bool(met[cluster] & _JUDGED) for cluster in clusters]


def _grouped(
    keys: Sequence[str], clusters: Sequence[str], labels: Sequence[Sequence[str]], new: Sequence[bool]
) -> list[_Cluster]:
    """The new memes by cluster, ordered by name."""
    groups: dict[str, _Cluster] = {}
    for at in sorted(range(len(keys)), key=lambda at: natural(keys[at])):
        if new[at]:
            groups.setdefault(clusters[at], _Cluster(clusters[at], [], tuple(labels[at]))).keys.append(keys[at])
    return [groups[name] for name in sorted(groups, key=natural)]


def _follows_to_val(cluster: str, mates: Mapping[str, set[str]], val_share: float, seed: int) -> bool:
    met = mates.get(cluster, set())
    if met & _FITTED:
        return "train" not in met
    return not met & _JUDGED and _fraction(cluster, seed) < val_share


def _carved(groups: Iterable[_Cluster], *, tied: set[str], val_share: float, seed: int) -> set[str]:
    """Names of the clusters that make up a validation split; none in `tied`."""
    memes: Counter[tuple[str, ...]] = Counter()
    for group in groups:
        memes[group.labels] += len(group.keys)
    strata: dict[tuple[bool, tuple[str, ...]], list[_Cluster]] = {}
    for group in groups:
        rare = memes[group.labels] * val_share < 1
        strata.setdefault((rare, () if rare else group.labels), []).append(group)
    chosen: set[str] = set()
    met = 0
    for stratum in sorted(strata):  # the rare ones last
        before = round(met * val_share)
        met += sum(len(group.keys) for group in strata[stratum])
        room = round(met * val_share) - before  # rounding errors do not add up over strata
        for group in sorted(strata[stratum], key=lambda group: _fraction(group.name, seed)):
            if group.name not in tied and len(group.keys) <= room:
                chosen.add(group.name)
                room -= len(group.keys)
    return chosen


def _fraction(cluster: str, seed: int) -> float:
    """A number in [0, 1) that looks random and is always the same for a cluster and a seed."""
    digest = hashlib.sha256(f"{seed}/{cluster}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
