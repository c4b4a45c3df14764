"""Who can be reached by a text is kept out of it: handles, e-mail addresses, phone numbers and web addresses.

The tokens are those that models of short posts know, `@user` and `http`, and two more of their kind. They are whole
words to any tokenizer, and masked text stays as it is when it is masked again.
"""

import re

USER, EMAIL, PHONE, URL = "@user", "@email", "@phone", "http"

SAFE_ENDINGS = "com|org|net|edu|gov|io|gg|co\\.uk|xyz"
"""A bare name with one of these is an address; `.me`, `.app`, `.de` and the like, mostly words after a missing space,
need a path besides."""

_PATTERNS = {
    EMAIL: r"(?<![\w.+-])[\w.+-]+(?:@[\w-]+(?:\.[\w-]+)+"
    rf"|(?<=\w) ?@ (?:[\w-]+\.)+(?:{SAFE_ENDINGS})(?![\w-]))",  # a reader may put blanks around the sign
    URL: rf"(?:https?://|www\.)\S*[\w/]"
    rf"|(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:{SAFE_ENDINGS})(?![\w-])(?:/\S*[\w/])?"
    r"|(?<![\w@.-])(?:[a-z0-9-]+\.)+[a-z]{2,}/\S*[\w/]",
    PHONE: r"(?<![\w+.,/-])(?:"
    r"\+[0-9](?:[ ().-]{0,2}[0-9]){7,14}"  # any country
    r"|(?=00?[1-9])0[0-9]{2}(?:(?:[ -](?=[0-9]{2}))?[0-9]){7,11}"  # the same by its 00, and within many a country
    r"|[6-9][0-9]{4} [0-9]{5}"  # India
    r"|(?:1[ .-]?)?(?:\([0-9]{3}\) ?|[0-9]{3}[ .-])[0-9]{3}[ .-][0-9]{4}"  # North America, with separators
    r"|1-8[0-9]{2}-(?:[0-9]{3}-?[a-z]{4}|[a-z]{3}-?[a-z]{4})"  # the same, a part of it a word
    r"|1?[2-9][0-9]{2}[2-9][0-9]{6}"  # North America: no area or exchange begins with 0 or 1
    r"|[2-9][0-9]{2}-0[0-9]{3}"  # no area; a range of numbers has no end that begins with 0
    r")(?![\w-])",
    # after the others' tokens: an address is no handle, but for that of another server's user
    USER: rf"(?<![\w@])(?!(?:{EMAIL}|{PHONE})(?!\w))@\w(?:(?:[\w.]|(?<=\w)-(?=\w))*\w)?(?:@[\w-]+(?:\.[\w-]+)+)?"
    r"|(?<![\w/])/?u/[\w-]{3,}",
}

_SHORT = re.compile(
    r"(\b(?:call|dial|phone|ring|tel|text|txt|sms|fax|cell|mobile|number)(?:[\s.:]|\b(?:me|us|now|at|on|is)\b)*|^(?=\S+$))"
    r"[2-9][0-9]{2}-[0-9]{4}(?![\w-])",
    re.IGNORECASE | re.MULTILINE,
)
"""A number of North America without its area, which may as well be a range, after what tells which, or alone."""

_NAMES = dict(zip(("email", "url", "phone", "user"), _PATTERNS, strict=True))

_PERSONAL = re.compile("|".join(f"(?P<{name}>{_PATTERNS[token]})" for name, token in _NAMES.items()), re.IGNORECASE)


def masked(text: str) -> str:
    """The text with a token in place of each handle, e-mail address, phone number and web address."""
    text = _PERSONAL.sub(lambda found: _NAMES[str(found.lastgroup)], text)
    return _SHORT.sub(rf"\1{PHONE}", text)
