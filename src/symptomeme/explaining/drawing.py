"""An explanation as one picture: a row a label, the meme with its patches shaded beside its words."""

from typing import Any

from PIL import Image, ImageDraw, ImageFont

from symptomeme.explaining.explanation import strength

FOR, AGAINST = (0, 114, 178), (213, 94, 0)  # Okabe and Ito, 2008
STRONGEST = 0.65  # opacity of what moved a label most
PICTURE, WORDS, MARGIN = 360, 560, 24  # pixels: longest side of the meme; width of the words; around each
SIZE, LEADING = 18, 30  # pixels an em, and from line to line
INK, PAPER = (32, 38, 43), (255, 255, 255)


def draw(told: dict[str, Any], picture: Image.Image) -> Image.Image:
    """Draw an explanation.

    Args:
        told: as `explanation` gives it.
        picture: what it is of, RGB, upright.
    """
    rows = [
        _row(picture, f"{task}: {one['label']} {one['probability']:.1%}", one)
        for task, found in told["tasks"].items()
        for one in found["explained"]
    ]
    notice = _lines(told["notice"].split(), PICTURE + MARGIN + WORDS)
    height = sum(row.height for row in rows) + LEADING * len(notice) + MARGIN
    whole = Image.new("RGB", (PICTURE + WORDS + 3 * MARGIN, height), PAPER)
    top = 0
    for row in rows:
        whole.paste(row, (0, top))
        top += row.height
    canvas = ImageDraw.Draw(whole)
    for number, line in enumerate(notice):
        canvas.text((MARGIN, top + LEADING * number), " ".join(line), INK, font=_font())
    return whole


def shade(score: float, most: float) -> tuple[tuple[int, int, int], float]:
    """Colour and opacity for a score, where `most` is the largest size of any."""
    if not score or not most:
        return PAPER, 0.0
    return (FOR if score > 0 else AGAINST), STRONGEST * abs(score) / most


def _row(picture: Image.Image, title: str, one: dict[str, Any]) -> Image.Image:
    most = max((abs(strength(part)) for part in (*one["words"], *one["patches"])), default=0.0)
    meme = _shaded(picture, one["patches"], most)
    lines = _lines([word["text"] for word in one["words"]], WORDS)
    height = max(meme.height, LEADING * (len(lines) + 3)) + 2 * MARGIN
    row = Image.new("RGB", (PICTURE + WORDS + 3 * MARGIN, height), PAPER)
    row.paste(meme, (MARGIN, MARGIN))
    canvas, left, top = ImageDraw.Draw(row), PICTURE + 2 * MARGIN, MARGIN
    canvas.text((left, top), title, INK, font=_font(SIZE + 4))
    scores = iter(strength(word) for word in one["words"])
    for line in lines:
        top += LEADING
        x = float(left)
        for word in line:
            colour, opacity = shade(next(scores), most)
            end = x + _font().getlength(word)
            canvas.rectangle((x - 2, top - 2, end + 2, top + SIZE + 5), _over(PAPER, colour, opacity))
            canvas.text((x, top), word, INK, font=_font())
            x = end + SIZE / 3
    _legend(canvas, left, top + 2 * LEADING, most)
    return row


def _legend(canvas: ImageDraw.ImageDraw, left: int, top: int, most: float) -> None:
    x = left
    for colour, text in ((FOR, f"for it (strongest {most:.2f})"), (AGAINST, "against it")):
        canvas.rectangle((x, top, x + SIZE, top + SIZE), _over(PAPER, colour, STRONGEST))
        canvas.text((x + SIZE + 8, top - 2), text, INK, font=_font())
        x += round(_font().getlength(text)) + 3 * SIZE


def _shaded(picture: Image.Image, patches: list[dict[str, Any]], most: float) -> Image.Image:
    """The meme, reduced, with its patches over it."""
    scale = PICTURE / max(picture.size)
    small = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    for patch in patches:
        left, top, right, bottom = (round(edge * scale) for edge in patch["box"])
        place = (max(0, left), max(0, top), min(small.width, right), min(small.height, bottom))
        colour, opacity = shade(strength(patch), most)
        if opacity and place[0] < place[2] and place[1] < place[3]:
            part = small.crop(place)
            small.paste(Image.blend(part, Image.new("RGB", part.size, colour), opacity), place[:2])
    return small


def _over(under: tuple[int, int, int], colour: tuple[int, int, int], opacity: float) -> tuple[int, int, int]:
    red, green, blue = (round(a + opacity * (b - a)) for a, b in zip(under, colour, strict=True))
    return red, green, blue


def _lines(words: list[str], width: int) -> list[list[str]]:
    """Words wrapped into lines of at most so many pixels; one that is wider has a line of its own."""
    lines: list[list[str]] = []
    used = 0.0
    for word in words:
        length = _font().getlength(word) + SIZE / 3
        if lines and used + length <= width:
            lines[-1].append(word)
            used += length
        else:
            lines.append([word])
            used = length
    return lines


def _font(size: int = SIZE) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)  # type: ignore[return-value] # with FreeType, which Pillow's wheels have
