"""Requests that mean harm, each drawn from its seed: damaged pictures, broken forms, bombs, polyglots, odd words."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from acceptance.mutations import mutated
from hostile_pictures import BOMBS, PICTURES, SEEDS, png_of

BOUNDARY = "a-boundary"
FORM = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
GIVEN = ("text", b"", b"again")
ODD = [
    "\u202etxt.exe",
    "\x00",
    "﷽" * 999,
    "a\r\nX-Evil: 1",
    "🏴‍☠️",
    "\ufeff",
    "' OR 1=1 --",
    "{{7*7}}",
    "${jndi:ldap://x}",
    "../../etc/passwd",
    "<script>",
    "NaN",
    "1e999",
    "[" * 5000,
    "null",
    "\ud7ff\uffff",
    "%s%n",
    " ",
]


class Sent(NamedTuple):
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def form(parts: list[tuple[str, bytes, bytes]], path: str = "/classify") -> Sent:
    """A form: name, more of the disposition, and content of each part."""
    body = b"".join(
        b'--%s\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        % (BOUNDARY.encode(), name.encode(), more, content)
        for name, more, content in parts
    )
    return Sent("POST", path, FORM, body + f"--{BOUNDARY}--\r\n".encode())


def picture(data: bytes, name: str = "a.png", path: str = "/classify") -> Sent:
    quoted = name.replace('"', "%22").replace("\r", "").replace("\n", "").encode("utf-8", "replace")
    return form([("image", b'; filename="%s"' % quoted, data), GIVEN], path)


def damaged(rng: Random) -> Sent:
    return picture(mutated(rng.choice(SEEDS), rng.randrange(10**6)))


def cut_form(rng: Random) -> Sent:
    whole = picture(rng.choice(SEEDS))
    return whole._replace(body=whole.body[: rng.randrange(len(whole.body))])


def mutated_form(rng: Random) -> Sent:
    whole = picture(rng.choice(SEEDS))
    return whole._replace(body=mutated(whole.body, rng.randrange(10**6)))


def other_type(rng: Random) -> Sent:
    kind = rng.choice(
        [
            "application/vnd.bentoml+pickle",
            "application/json",
            "application/x-www-form-urlencoded",
            "*",
            "image/png",
            "text/html",
            "multipart/mixed; boundary=a",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            f"multipart/form-data; boundary={'b' * 999}",
        ]
    )
    body = rng.choice(
        [b"cos\nsystem\n(S'true'\ntR.", b'{"image": "http://169.254.169.254/"}', b"image=http://[::1]/", PICTURES[0]]
    )
    return Sent("POST", rng.choice(["/classify", "/classify_batch", "/explain"]), {"content-type": kind}, body)


def bomb(rng: Random) -> Sent:
    side = rng.choice([30_000, 65_535, 2**31 - 1, 6_400, 0, 1])
    data = [png_of(side, side), png_of(side, 1, bytes(10**6)), png_of(3_000, 3_000, bytes(9_003_000)), *BOMBS]
    return picture(rng.choice(data), path=rng.choice(["/classify", "/explain"]))


def explained(rng: Random) -> Sent:
    """Whole and damaged pictures, with words that are many, and labels that there are or are not."""
    data = rng.choice(SEEDS)
    words = rng.choice(["again ", *ODD]).encode("utf-8", "surrogatepass") * rng.choice([1, 300, 9_000])
    labels = rng.choice(["", "Nervousness", "joy", "Nervousness," * 999, rng.choice(ODD)])
    image = ("image", b'; filename="a"', rng.choice([data, mutated(data, rng.randrange(10**6))]))
    text, asked = ("text", b"", words), ("labels", b"", labels.encode("utf-8", "surrogatepass"))
    return form([image, text, *([asked] if labels else [])], "/explain")


def polyglot(rng: Random) -> Sent:
    other = rng.choice(
        [b"PK\x03\x04" + bytes(40), b"%PDF-1.7\n", b"<svg onload='x()'/>", b"\x7fELF", b"#!/bin/sh\n", b"<?php ?>"]
    )
    data = rng.choice(SEEDS)
    return picture(rng.choice([other + data, data + other, other]), rng.choice(ODD))


def odd_words(rng: Random) -> Sent:
    image = ("image", b'; filename="a"', rng.choice(SEEDS))
    field = rng.choice(["text", "tasks", "image", "images", rng.choice(ODD).replace("\r\n", "")])
    return form([image, (field, b"", rng.choice(ODD).encode("utf-8", "surrogatepass"))])


def odd_bytes(rng: Random) -> Sent:
    charset = rng.choice(["utf-7", "utf-16", "idna", "undefined", "unicode_escape", "zlib", "cp037", "\x7f"])
    sent = form([("image", b'; filename="a"', PICTURES[0]), ("text", b"", rng.randbytes(rng.randrange(300)))])
    return sent._replace(headers={"content-type": f"{FORM['content-type']}; charset={charset}"})


def too_much(rng: Random) -> Sent:
    many = [("images", b'; filename="a"', PICTURES[0])] * rng.choice([17, 100])
    fields = [(f"f{number}", b"", b"") for number in range(rng.choice([11, 500]))]
    words = [("image", b'; filename="a"', PICTURES[0]), ("text", b"", b"a" * rng.choice([99_999, 200_000]))]
    return rng.choice([form(many, "/classify_batch"), form(fields), form(words), picture(bytes(20_000_001))])


def batch(rng: Random) -> Sent:
    datas = [rng.choice([mutated(rng.choice(SEEDS), rng.randrange(10**6)), rng.choice(BOMBS), b""]) for _ in range(3)]
    return form([("images", b'; filename="a"', data) for data in datas], "/classify_batch")


def elsewhere(rng: Random) -> Sent:
    path = rng.choice(
        [
            "/..%2f..%2fetc/passwd",
            "/%00",
            "/" + "a" * 5000,
            "//evil.example/",
            "/classify/",
            "/schema.json",
            "/docs.json",
            "/static_content/x",
            "/metrics/../models",
            "/%e2%80%ae",
            "/classify%20",
            "/models?x=%ff",
            "/readyz",
            "/",
        ]
    )
    method = rng.choice(["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "POST", "PROPFIND"])
    return Sent(method, path, {"content-type": "multipart/form-data"}, b"")


def odd_headers(rng: Random) -> Sent:
    sent = picture(rng.choice(SEEDS))
    name, value = rng.choice(
        [
            ("x-request-id", "a" * 9999),
            ("content-encoding", "gzip"),
            ("authorization", "Bearer " + "\xff" * 99),
            ("host", "evil.example"),
            ("origin", "null"),
            ("x-forwarded-for", "8.8.8.8"),
            ("expect", "100-continue"),
            ("range", "bytes=0-1"),
            ("cookie", "a=" * 999),
        ]
    )
    return sent._replace(headers={**sent.headers, name: value})


KINDS: tuple[Callable[[Random], Sent], ...] = (
    damaged,
    cut_form,
    other_type,
    bomb,
    polyglot,
    odd_words,
    odd_bytes,
    too_much,
    batch,
    elsewhere,
    odd_headers,
    mutated_form,
    explained,
)


def hostile(seed: int) -> Sent:
    """The request of a seed; the kinds take turns."""
    return KINDS[seed % len(KINDS)](Random(seed))
