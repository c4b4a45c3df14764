"""Draw the memes that the service's page offers to try: `python scripts/page_samples.py`.

The same Pillow gives the same bytes. The words are of this project's own sample; none is about self-harm.
"""

from dataclasses import replace
from pathlib import Path

from symptomeme.sample.draw import Order, draw_meme

FOLDER = Path(__file__).resolve().parents[1] / "src/symptomeme/assets/page/samples"
WIDTHS = (480, 480)  # pixels
CAPITALS = (26, 30)  # pixels
QUALITY = 82

ORDERS = [
    Order(
        key="page/skeleton",
        text="new email sound and my whole skeleton leaves the chair",
        setting="desk",
        style="outlined",
        symbols=("Nervousness",),
    ),
    Order(
        key="page/slideshow",
        text="closed my eyes in bed and my head restarted the slideshow of terrible futures",
        setting="night",
        style="caption",
        symbols=("Excessive Worry",),
    ),
    Order(
        key="page/lunchtime",
        text="my body clock thinks it is lunchtime in a country i have never visited",
        setting="night",
        style="outlined",
        symbols=("Sleeping Disorder",),
    ),
    Order(
        key="page/cursor",
        text="cursor blinking, me blinking, nobody typing",
        setting="desk",
        style="caption",
        symbols=("Concentration Problem",),
    ),
]


def main() -> None:
    """Draw them all."""
    for order in ORDERS:
        place = FOLDER / f"{order.key.rpartition('/')[2]}.jpg"
        meme = draw_meme(replace(order, widths=WIDTHS, capitals=CAPITALS, quality=QUALITY))
        place.write_bytes(meme.data)
        print(place)


if __name__ == "__main__":
    main()
