import io
import struct
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from symptomeme.data import transforms
from symptomeme.data.transforms import decode, read_picture
from symptomeme.domain.errors import ImageError

# pytest resets the filters that the module sets
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def half_red(size: tuple[int, int] = (40, 20)) -> Image.Image:
    """Red above, blue below."""
    picture = Image.new("RGB", size, "blue")
    picture.paste("red", (0, 0, size[0], size[1] // 2))
    return picture


def near(found: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_every_allowed_format_is_read_by_its_content(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "meme.png"
    path.write_bytes(saved(half_red(), kind))
    picture = read_picture(path)
    assert (picture.mode, picture.size) == ("RGB", (40, 20))
    assert near(picture.getpixel((20, 3)), (255, 0, 0))
    assert near(picture.getpixel((20, 16)), (0, 0, 255))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_rotation_is_undone(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees clockwise: what is stored above stands right
    picture = read_picture(saved(half_red(), kind, exif=exif))
    assert picture.size == (20, 40)
    assert near(picture.getpixel((16, 20)), (255, 0, 0))
    assert near(picture.getpixel((3, 20)), (0, 0, 255))
    assert 0x0112 not in picture.getexif()


def test_damaged_exif_does_not_refuse_a_whole_picture() -> None:
    whole = saved(half_red(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")
    assert read_picture(whole).size == (40, 20)


def test_metadata_is_gone() -> None:
    assert read_picture(saved(half_red(), "JPEG", comment=b"private")).info == {}


def test_transparent_parts_become_white() -> None:
    picture = half_red().convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size).point(lambda value: 255 if value > 127 else 0))
    shown = read_picture(saved(picture, "PNG"))
    assert shown.getpixel((20, 3)) == (255, 255, 255)
    assert shown.getpixel((20, 16)) == (0, 0, 255)


def test_a_palette_with_a_transparent_colour_is_read() -> None:
    palette = half_red().quantize(2)
    shown = read_picture(saved(palette, "PNG", transparency=palette.getpixel((20, 3))))
    assert shown.getpixel((20, 3)) == (255, 255, 255)
    assert near(shown.getpixel((20, 16)), (0, 0, 255))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "YCbCr"])
def test_other_modes_become_rgb(mode: str) -> None:
    grey = half_red().convert("L").point(lambda value: 255 if value > 50 else 0)  # red is lighter than blue
    kind = "TIFF" if mode in ("CMYK", "YCbCr") else "PNG"
    shown = read_picture(saved(grey.convert("RGB").convert(mode), kind))
    assert shown.mode == "RGB"
    assert near(shown.getpixel((20, 3)), (255, 255, 255))
    assert near(shown.getpixel((20, 16)), (0, 0, 0))


def test_a_cmyk_jpeg_is_read() -> None:
    assert near(read_picture(saved(half_red().convert("CMYK"), "JPEG")).getpixel((20, 3)), (255, 0, 0))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_keep_their_greys(kind: str) -> None:
    values = np.full((8, 8), 128 * 256 + 77, dtype=np.uint16)
    values[0, 0] = 65535
    shown = read_picture(saved(Image.fromarray(values), kind))
    assert shown.getpixel((4, 4)) == (128, 128, 128)
    assert shown.getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_greys_of_32_bits_are_stretched(kind: type) -> None:
    values = np.array([[-1000, 0], [500, 1000]], dtype=kind)
    shown = read_picture(saved(Image.fromarray(values), "TIFF"))
    assert [shown.getpixel(at)[0] for at in ((0, 0), (1, 0), (0, 1), (1, 1))] == [0, 127, 191, 255]


def stretched_at_once(values: Any) -> bytes:
    """The grey of each pixel, reckoned from the whole picture at a time."""
    wide = np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)
    span = max(wide.max() - wide.min(), np.finfo(np.float64).tiny)
    return ((wide - wide.min()) / span * 255).astype(np.uint8).tobytes()


@pytest.mark.parametrize("shape", [(2, 2), (7, 3), (3, 7), (31, 9), (2, 101), (101, 2), (10, 10)])
@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_greys_of_32_bits_are_the_same_in_bands(
    kind: type, shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transforms, "BAND", 20)
    rng = np.random.default_rng(shape[0])
    drawn = [rng.integers(-(2**31), 2**31, shape), rng.normal(size=shape) * 1000, np.full(shape, 5), np.eye(*shape)]
    pictures = [values.astype(kind) for values in drawn]
    if kind is np.float32:
        odd = rng.choice([np.nan, np.inf, -np.inf, -0.0, 3e38, -3e38, 1e-45], size=shape)
        pictures += [odd.astype(kind), np.full(shape, np.nan, dtype=kind)]
    for values in pictures:
        shown = read_picture(saved(Image.fromarray(values), "TIFF"))
        assert [channel.tobytes() for channel in shown.split()] == [stretched_at_once(values)] * 3


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_a_large_picture_of_32_bits_is_never_held_in_64(kind: type) -> None:
    values = np.arange(3_000_000, dtype=kind).reshape(1500, 2000)
    data = saved(Image.fromarray(values), "TIFF", compression="tiff_deflate")
    tracemalloc.start()
    try:
        read_picture(data)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2 * values.nbytes  # the whole of it in 64 bits would take as much by itself


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_the_first_frame_of_an_animation_is_shown(kind: str) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue", "lime")]
    shown = read_picture(saved(frames[0], kind, save_all=True, append_images=frames[1:]))
    assert near(shown.getpixel((10, 10)), (255, 0, 0))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
def test_a_cut_off_picture_is_refused(kind: str) -> None:
    noise = Image.effect_noise((64, 64), 90).convert("RGB")
    whole = saved(noise, kind)
    with pytest.raises(
        ImageError, match=r"^TR-1: cut off or damaged, it cannot be decoded whole\. Give a whole picture"
    ):
        read_picture(whole[: len(whole) * 3 // 4], where="TR-1")


@pytest.mark.parametrize("packed", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group3", "group4"])
def test_a_damaged_tiff_is_refused_without_a_word_of_its_library(
    packed: str, capfd: pytest.CaptureFixture[str]
) -> None:
    noise = Image.effect_noise((64, 64), 90).convert("1" if packed.startswith("group") else "RGB")
    whole = saved(noise, "TIFF", compression=packed)
    for start in range(8, len(whole), max(1, len(whole) // 40)):
        with suppress(ImageError):
            decode(whole[:start] + bytes(60) + whole[start + 60 :])
    assert capfd.readouterr() == ("", "")


def test_messages_are_one_line_with_the_path(tmp_path: Path) -> None:
    path = tmp_path / "empty.jpg"
    path.touch()
    with pytest.raises(ImageError) as error:
        read_picture(path)
    assert str(error.value) == f"{path}: empty, 0 bytes. Give a whole picture (JPEG, PNG, GIF, WEBP, BMP, TIFF)."


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"gone\.jpg: cannot be read \(No such file or directory\)"):
        read_picture(tmp_path / "gone.jpg")


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1)])
def test_a_side_of_one_pixel_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ImageError, match=f"^{size[0]} x {size[1]} pixels, at least 2 x 2 are needed$"):
        decode(saved(Image.new("RGB", size), "PNG"))


def png_of(width: int, height: int) -> bytes:
    """A PNG whose header tells of more pixels than there are."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in (header, b"IDAT" + zlib.compress(b"\x00" * 1000), b"IEND")
    )


@pytest.mark.parametrize(
    ("side", "told"),
    [
        (7_000, "7000 x 7000 pixels, at most 40000000 in all are read"),
        (11_000, "11000 x 11000 pixels, at most 40000000 in all are read"),  # where Pillow warns
        (60_000, "over 40000000 pixels"),  # where Pillow refuses
    ],
)
def test_a_bomb_is_refused_from_its_header(side: int, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("it was decoded"))
    with pytest.raises(ImageError, match=f"^{told}$"):
        decode(png_of(side, side))


def test_too_many_bytes_are_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(transforms, "MAX_BYTES", 100)
    path = tmp_path / "large.png"
    path.write_bytes(bytes(101))
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("it was read"))
    with pytest.raises(ImageError, match=r"large\.png: 101 bytes, at most 100 are read"):
        read_picture(path)


@pytest.mark.parametrize("data", [b"not a picture", b"%!PS-Adobe-3.0 EPSF-3.0", b"\xff\xd8\xff", b"<svg/>"])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(ImageError, match=r"^of no known format, or its header is damaged$"):
        decode(data)


def test_a_format_off_the_list_is_refused() -> None:
    with pytest.raises(ImageError, match=r"^of no known format"):
        decode(saved(half_red(), "PPM"))


def test_mutated_pictures_are_read_whole_or_refused() -> None:
    rng = np.random.default_rng(0)
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"):
        whole = np.frombuffer(saved(half_red(), kind), dtype=np.uint8)
        for _ in range(40):
            mutated = whole.copy()
            mutated[rng.integers(len(whole), size=4)] = rng.integers(256, size=4)
            try:
                picture = decode(mutated.tobytes())
            except ImageError as error:
                assert "\n" not in str(error)
            else:
                assert picture.mode == "RGB"
