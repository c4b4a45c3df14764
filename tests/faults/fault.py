"""What a fault is, and what all of them are made of."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

Row = dict[str, Any]
SIZE = 3 << 20  # bytes of the small disk


def saved(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def seen(mode: str = "RGB") -> Image.Image:
    """What a person sees: white above with a black bar, red and blue below; no side like another."""
    picture = Image.new("RGB", (96, 64), "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((8, 8, 60, 16), fill="black")
    draw.rectangle((0, 32, 40, 63), fill="red")
    draw.rectangle((41, 40, 95, 63), fill="blue")
    return picture.convert(mode)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One row of the table: `told` holds, for each command that says something of it, what it says."""

    told: dict[str, str] = field(default_factory=dict)
    picture: Callable[[], bytes] | None = None  # in place of that of TR-1
    looks: Callable[[], Image.Image] | None = None  # what a person sees in it
    row: Callable[[Row], Row] | None = None  # in place of the annotation of TR-1, in an archive
    line: Callable[[str], str] | None = None  # likewise, the line of it in data/
    archive: Callable[[Path], None] | None = None  # done to a good zip
    by_hand: Callable[[str], None] | None = None  # done in the project before this command
    limits: dict[str, int] = field(default_factory=dict)  # of `hostility`, in place of the real ones
    name: str = "TR-1.png"  # of the picture


def put(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def rewritten(path: Path, name: str, data: bytes | None) -> None:
    """The same zip with another file of this name; None: without it."""
    with zipfile.ZipFile(path) as packed:
        files = {inside: packed.read(inside) for inside in packed.namelist()}
    files.pop(name, None)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for inside, content in (files | ({} if data is None else {name: data})).items():
            packed.writestr(inside, content)


def write_archive(fault: Fault) -> None:
    """Eight memes, the first with the fault."""
    rows = [
        {"sample_id": f"TR-{n}", "ocr_text": f"words of {n}", "meme_anxiety_category": "Restlessness"}
        for n in range(1, 9)
    ]
    rows[0] = fault.row(rows[0]) if fault.row else rows[0]
    path = Path("../anxiety.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("anxiety_train.json", json.dumps(rows))
        packed.writestr(f"anxiety_train_image/{fault.name}", fault.picture() if fault.picture else saved(seen()))
        for n in range(2, 9):
            packed.writestr(f"anxiety_train_image/TR-{n}.png", saved(Image.linear_gradient("L").rotate(40 * n)))
    if fault.archive:
        fault.archive(path)


def files() -> dict[str, bytes]:
    """All of data/ and artifacts/, half-written files too."""
    return {str(path): path.read_bytes() for top in ("data", "artifacts") for path in Path(top).rglob("*.*")
            if path.is_file()}  # fmt: skip
