"""Texts from outside: when two say the same, and what of one can be written down."""

import unicodedata


def well_formed(text: str) -> str:
    """The text in valid Unicode: `?` for what stands for no character, as half a surrogate pair."""
    return text.encode("utf-8", "replace").decode("utf-8")


def normalise(text: str) -> str:
    """Letters and digits only, lower case, compatible forms made one (NFKC)."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).lower() if char.isalnum())
