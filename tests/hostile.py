"""Requests that mean harm, each drawn from its seed: damaged pictures, broken forms, bombs, polyglots, odd words."""

import zlib
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from acceptance.mutations import mutated
from faults.fault import saved, seen
from PIL import Image

BOUNDARY = "a-boundary"
FORM = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
GIVEN = ("text", b"", b"again")
PICTURES = [
    saved(seen(), "JPEG", quality=80),
    saved(seen("RGBA")),
    saved(seen(), "GIF", save_all=True, append_images=[Image.new("RGB", (96, 64), "lime")]),
    saved(seen(), "WEBP", quality=70),
    saved(seen(), "BMP"),
    saved(seen(), "TIFF"),
]
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


def picture(data: bytes, name: str = "a.png") -> Sent:
    quoted = name.replace('"', "%22").replace("\r", "").replace("\n", "").encode("utf-8", "replace")
    return form([("image", b'; filename="%s"' % quoted, data), GIVEN])


def png_of(width: int, height: int, pixels: bytes = b"") -> bytes:
    """A PNG that says it is so large, whatever is in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    head = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 0, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def damaged(rng: Random) -> Sent:
    return picture(mutated(rng.choice(PICTURES), rng.randrange(10**6)))


def cut_form(rng: Random) -> Sent:
    whole = picture(rng.choice(PICTURES))
    return whole._replace(body=whole.body[: rng.randrange(len(whole.body))])


def mutated_form(rng: Random) -> Sent:
    whole = picture(rng.choice(PICTURES))
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
    return Sent("POST", rng.choice(["/classify", "/classify_batch"]), {"content-type": kind}, body)


def bomb(rng: Random) -> Sent:
    side = rng.choice([30_000, 65_535, 2**31 - 1, 6_400, 0, 1])
    gif = b"GIF89a" + b"\xff\xff" * 2 + b"\xf7\x00\x00" + bytes(768)
    bmp = b"BM" + bytes(16) + (30_000).to_bytes(4, "little") * 2 + bytes(28)
    return picture(
        rng.choice(
            [png_of(side, side), png_of(side, 1, bytes(10**6)), png_of(3_000, 3_000, bytes(9_003_000)), gif, bmp]
        )
    )


def polyglot(rng: Random) -> Sent:
    other = rng.choice(
        [b"PK\x03\x04" + bytes(40), b"%PDF-1.7\n", b"<svg onload='x()'/>", b"\x7fELF", b"#!/bin/sh\n", b"<?php ?>"]
    )
    data = rng.choice(PICTURES)
    return picture(rng.choice([other + data, data + other, other]), rng.choice(ODD))


def odd_words(rng: Random) -> Sent:
    image = ("image", b'; filename="a"', rng.choice(PICTURES))
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
    datas = [
        rng.choice([mutated(rng.choice(PICTURES), rng.randrange(10**6)), png_of(30_000, 30_000), b""]) for _ in range(3)
    ]
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
    sent = picture(rng.choice(PICTURES))
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
    damaged,
)


def hostile(seed: int) -> Sent:
    """The request of a seed; the kinds take turns."""
    return KINDS[seed % len(KINDS)](Random(seed))
