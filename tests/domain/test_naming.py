import pytest

from symptomeme.domain.naming import quoted


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([], "nothing"),
        (["Joy"], "'Joy'"),
        (["a\nb", ""], r"'a\nb', ''"),
        (["x" * 50], f"'{'x' * 40}…'"),
        (list("abcd"), "'a', 'b', 'c', …"),
    ],
)
def test_names_from_outside_are_shown_on_one_line_and_cut(names: list[str], told: str) -> None:
    assert quoted(names) == told
