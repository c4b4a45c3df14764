import pytest

from symptomeme.text.quality import character_error


@pytest.mark.parametrize(
    ("read", "truth", "error"),
    [
        ("No  More\nsleep", "no more sleep", 0.0),
        ("abcd", "abcx", 0.25),
        ("", "four", 1.0),
        ("far too long", "f", 11.0),
        ("", " ", 0.0),
        ("noise", "", 1.0),
    ],
)
def test_character_error(read, truth, error):
    assert character_error(read, truth) == error
