"""Which memes are the same one again: same bytes, same words, or near pictures with similar words.

Templates share pictures and short captions share words, so a near picture alone does not make a duplicate.
"""

from collections.abc import Iterator, Sequence

import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image
from rapidfuzz import fuzz, process
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from symptomeme.data.naming import natural
from symptomeme.data.wording import normalise
from symptomeme.domain.progress import progress

_ROWS = 256  # pictures compared with all others at once
_SHORT_SIDE = 128  # pixels kept for hashing, which itself works on 32 x 32

Pairs = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]


def perceptual_hash(picture: Image.Image) -> str:
    """The 64-bit DCT hash of a picture, 16 hexadecimal digits; near pictures differ in few bits."""
    factor = max(1, min(picture.size) // _SHORT_SIDE)
    return str(imagehash.phash(picture.convert("L").reduce(factor)))


def clusters(
    keys: Sequence[str],
    sha256s: Sequence[str],
    texts: Sequence[str],
    phashes: Sequence[str | None],
    *,
    phash_distance: int,
    text_similarity: float,
) -> list[str]:
    """Name the duplicate cluster of each meme: the smallest key in it, in natural order.

    Two memes are joined by the same bytes; by the same non-empty normalised text; or by perceptual hashes at most
    `phash_distance` bits apart together with normalised texts whose Indel similarity is at least `text_similarity`.
    Two pictures without words have nothing but the picture to go by: they are joined when their hashes are equal.
    """
    normalised = [normalise(text) for text in texts]
    seen = [None if phash is None else (phash, text) for phash, text in zip(phashes, normalised, strict=True)]
    pairs = [
        _equal(sha256s),
        _equal([text or None for text in normalised]),
        _equal(seen),
        *_near(seen, phash_distance=phash_distance, text_similarity=text_similarity),
    ]
    left, right = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
    graph = coo_array((np.ones(len(left), dtype=np.bool_), (left, right)), shape=(len(keys), len(keys)))
    components = connected_components(graph, directed=False)[1]
    smallest: dict[int, str] = {}
    for place in sorted(range(len(keys)), key=lambda place: natural(keys[place])):
        smallest.setdefault(int(components[place]), keys[place])
    return [smallest[int(component)] for component in components]


def _equal(values: Sequence[object]) -> Pairs:
    """Each place with the first one that holds the same value, None aside."""
    first: dict[object, int] = {}
    found = [(first.setdefault(value, place), place) for place, value in enumerate(values) if value is not None]
    left, right = np.array(found, dtype=np.intp).reshape(-1, 2).T
    return left, right


def _near(seen: Sequence[tuple[str, str] | None], *, phash_distance: int, text_similarity: float) -> Iterator[Pairs]:
    """Pairs of distinct (perceptual hash, normalised text) that are near in both."""
    first = {value: place for place, value in reversed(list(enumerate(seen))) if value is not None}
    places = np.array(list(first.values()), dtype=np.intp)
    texts = np.array([text for _, text in first], dtype=object)
    lengths = np.array([len(text) for _, text in first], dtype=np.float64)
    hashes = np.array([int(phash, 16) for phash, _ in first], dtype=np.uint64)
    for start in progress(range(0, len(hashes), _ROWS), what="duplicates", unit="block"):
        apart = np.bitwise_count(hashes[start : start + _ROWS, None] ^ hashes[None, start:])
        left, right = np.nonzero(np.triu(apart <= phash_distance, k=1))
        left, right = left + start, right + start
        # the most that texts of such lengths can reach, cheaper than comparing them
        possible = 2 * np.minimum(lengths[left], lengths[right]) + 1e-6 >= text_similarity * (
            lengths[left] + lengths[right]
        )
        left, right = left[possible], right[possible]
        similar = _similar(texts[left], texts[right], text_similarity)
        yield places[left[similar]], places[right[similar]]


def _similar(left: npt.NDArray[np.object_], right: npt.NDArray[np.object_], at_least: float) -> npt.NDArray[np.bool_]:
    """Which pairs of normalised texts are similar; two empty ones are not."""
    if not len(left):
        return np.zeros(0, dtype=np.bool_)
    scores = process.cpdist(left, right, scorer=fuzz.ratio, score_cutoff=100 * at_least, dtype=np.float64)
    return (scores >= 100 * at_least) & (left.astype(np.bool_) | right.astype(np.bool_))
