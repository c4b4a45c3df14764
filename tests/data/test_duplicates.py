import random

import pytest
from PIL import Image, ImageEnhance
from rapidfuzz import fuzz

from symptomeme.data.duplicates import clusters, normalise, perceptual_hash

NEAR = {"phash_distance": 6, "text_similarity": 0.85}
A = f"{0b0:016x}"
A_SIX_OFF = f"{0b111111:016x}"
A_SEVEN_OFF = f"{0b1111111:016x}"


def joined(left: tuple[str, str, str | None], right: tuple[str, str, str | None], **limits: float) -> bool:
    """Whether two memes (bytes, text, hash) are one cluster."""
    sha256s, texts, phashes = zip(left, right, strict=True)
    found = clusters(["train/TR-1", "train/TR-2"], sha256s, texts, phashes, **{**NEAR, **limits})  # type: ignore[arg-type]
    return found[0] == found[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("When you're 25% DONE...\n", "whenyoure25done"),
        ("\ufb01ne \uff37IDE \u00b2", "finewide2"),
        ("ÉTÉ", "été"),
        ("!? 😀", ""),
    ],
)
def test_normalised_texts_hold_letters_and_digits(text: str, expected: str) -> None:
    assert normalise(text) == expected


def test_the_perceptual_hash_survives_scaling_and_light_but_not_another_picture() -> None:
    rng = random.Random(0)
    first, other = (Image.frombytes("RGB", (9, 9), rng.randbytes(243)).resize((600, 500)) for _ in range(2))
    scaled = ImageEnhance.Brightness(first.resize((333, 280))).enhance(0.9)

    def apart(picture: Image.Image) -> int:
        return (int(perceptual_hash(first), 16) ^ int(perceptual_hash(picture), 16)).bit_count()

    assert len(perceptual_hash(first)) == 16
    assert apart(scaled) <= 4
    assert apart(other) > 12


def test_two_pixels_have_a_hash() -> None:
    assert len(perceptual_hash(Image.new("RGB", (2, 2)))) == 16


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (("x", "one", A), ("x", "two", "f" * 16), True),  # same bytes
        (("x", "Same words!", A), ("y", "same, WORDS", "f" * 16), True),
        (("x", "!", None), ("y", "?", None), False),  # no word in either
        (("x", "one", A), ("y", "two", A), False),  # a template
        (("x", "when you are late", A), ("y", "when you are latte", A_SIX_OFF), True),
        (("x", "when you are late", A), ("y", "when you are latte", A_SEVEN_OFF), False),
        (("x", "when you are late", A), ("y", "when we were young", A), False),
        (("x", "when you are late", A), ("y", "when you are latte", None), False),  # not readable
        (("x", "", A), ("y", "", A), True),
        (("x", "", A), ("y", "", f"{1:016x}"), False),
        (("x", "", A), ("y", "words", A), False),
    ],
)
def test_what_joins_two_memes(
    left: tuple[str, str, str | None], right: tuple[str, str, str | None], expected: bool
) -> None:
    assert joined(left, right) is expected
    assert joined(right, left) is expected


def test_the_params_are_the_limits() -> None:
    left, right = ("x", "abcdefghij", A), ("y", "abcdefghiz", f"{1:016x}")  # similarity 0.9
    assert joined(left, right, phash_distance=1, text_similarity=0.9)
    assert not joined(left, right, phash_distance=0, text_similarity=0.9)
    assert not joined(left, right, phash_distance=1, text_similarity=0.91)


def test_a_cluster_is_called_by_its_smallest_key_and_grows_by_links() -> None:
    keys = ["train/TR-10", "train/TR-2", "train/TR-9", "test/TE-1", "train/TR-1"]
    found = clusters(keys, ["a", "b", "b", "c", "d"], ["one", "one", "two", "two", "own"], [None] * 5, **NEAR)
    assert found == ["test/TE-1"] * 4 + ["train/TR-1"]


def test_no_memes_have_no_clusters() -> None:
    assert clusters([], [], [], [], **NEAR) == []


def test_many_memes_match_a_plain_reading_of_the_rules() -> None:
    rng = random.Random(1)
    words = ["late", "tired", "again", "monday", "sleep"]
    memes = [
        (
            str(rng.randrange(300)),
            " ".join(rng.choices(words, k=rng.randrange(4))),
            f"{rng.randrange(16) * 0x1111 ^ 1 << rng.randrange(40):016x}",
        )
        for _ in range(320)  # more than the rows compared at once
    ]
    keys = [f"train/TR-{place}" for place in range(len(memes))]
    parent = list(range(len(memes)))

    def root(place: int) -> int:
        return place if parent[place] == place else root(parent[place])

    for left in range(len(memes)):
        for right in range(left):
            if _plainly_joined(memes[left], memes[right]):
                high, low = sorted((root(left), root(right)), reverse=True)
                parent[high] = low
    sha256s, texts, phashes = zip(*memes, strict=True)
    limits = {"phash_distance": 3, "text_similarity": 0.75}
    assert clusters(keys, sha256s, texts, phashes, **limits) == [keys[root(place)] for place in range(len(memes))]


def _plainly_joined(left: tuple[str, str, str], right: tuple[str, str, str]) -> bool:
    one, two = normalise(left[1]), normalise(right[1])
    apart = (int(left[2], 16) ^ int(right[2], 16)).bit_count()
    if left[0] == right[0] or (one and one == two):
        return True
    if not one and not two:
        return apart == 0
    return apart <= 3 and fuzz.ratio(one, two) >= 75
