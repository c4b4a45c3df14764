"""When two texts say the same."""

import unicodedata


def normalise(text: str) -> str:
    """Letters and digits only, lower case, compatible forms made one (NFKC)."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).lower() if char.isalnum())
