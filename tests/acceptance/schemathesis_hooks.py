"""What Schemathesis sends where a form wants a file: pictures, and bytes that are none."""

import io

import schemathesis
from hypothesis import strategies
from PIL import Image
from schemathesis.transport.serialization import Binary


def _saved(kind: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (24, 16), "teal").save(data, kind)
    return data.getvalue()


PICTURES = [_saved(kind) for kind in ("PNG", "JPEG", "GIF", "BMP")]
schemathesis.openapi.format("binary", (strategies.sampled_from(PICTURES) | strategies.binary(max_size=64)).map(Binary))
