"""Which texts are surely not English.

Short captions are hard to tell: only texts with enough letters are judged, and only a sure verdict counts.
"""

import functools
from collections.abc import Iterable

from py3langid.langid import MODEL_FILE, LanguageIdentifier

_NOT_FOREIGN = {"en", "und", "zxx"}  # English; not sure enough; no language at all, such as numbers and links


def other_languages(texts: Iterable[str], *, min_letters: int, min_confidence: float) -> list[str | None]:
    """The ISO 639 code of each text's language, or None where it is English, too short or not sure.

    Args:
        min_letters: texts with fewer letters are not judged.
        min_confidence: the probability that the identifier must give to a language.
    """
    identifier = _identifier()
    identifier.min_confidence = min_confidence
    found = []
    for text in texts:
        enough = sum(char.isalpha() for char in text) >= min_letters
        # the identifier itself only lowers what is all capitals
        language = identifier.classify(text.lower())[0] if enough else "und"
        found.append(None if language in _NOT_FOREIGN else language)
    return found


@functools.cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
