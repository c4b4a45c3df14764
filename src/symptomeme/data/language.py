"""Which texts are surely not English.

Short captions are hard to tell: only texts with enough letters are judged, and only when English is all but ruled out.
"""

import functools
from collections.abc import Iterable

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from symptomeme.domain.progress import progress

# Nigerian Pidgin, for which short captions are often taken, and "no language", such as links and numbers
_AS_ENGLISH = {"en", "pcm", "zxx"}


def other_languages(texts: Iterable[str], *, min_letters: int, max_english: float) -> list[str | None]:
    """The likeliest other language of each text (ISO 639), or None where it may be English or is too short.

    Args:
        min_letters: texts with fewer letters are not judged.
        max_english: a text with a greater probability of being English may be English.
    """
    return [
        _other_language(text, max_english) if sum(char.isalpha() for char in text) >= min_letters else None
        for text in progress(texts, what="languages", unit="text")
    ]


def _other_language(text: str, max_english: float) -> str | None:
    ranked = _identifier().rank(text.lower())  # by itself it lowers only what is all capitals
    english = sum(probability for language, probability in ranked if language in _AS_ENGLISH)
    if english > max_english:
        return None
    return next(str(language) for language, _ in ranked if language not in _AS_ENGLISH)


@functools.cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
