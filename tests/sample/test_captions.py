import pytest
from PIL import Image

from symptomeme.sample.captions import MAX_CHARACTERS, MAX_WORDS, draw_block, fit, halves, words_of, wrap
from symptomeme.sample.fonts import drawable, font, font_file, size_for_capitals


def test_a_text_over_the_bound_is_cut_and_told():
    assert words_of("word " * MAX_WORDS) == (["word"] * MAX_WORDS, False)
    assert words_of("word " * (MAX_WORDS + 1)) == (["word"] * MAX_WORDS, True)


def test_one_endless_word_is_cut_to_the_bound_on_characters():
    words, cut = words_of("x" * (MAX_CHARACTERS + 1))
    assert (words, cut) == (["x" * MAX_CHARACTERS], True)


def test_no_text_is_no_words():
    assert words_of(" \n ") == ([], False)


def test_lines_are_no_wider_than_asked_and_keep_every_word():
    words = [f"word{n}" for n in range(30)]
    lines = wrap(words, face="DejaVuSans", size=20, width=200)
    assert [word for line in lines for word in line] == words
    assert max(font("DejaVuSans", 20).getlength(" ".join(line)) for line in lines) <= 200


def test_a_word_wider_than_a_line_is_broken():
    lines = wrap(["x" * 60], face="DejaVuSans", size=20, width=200)
    assert len(lines) > 1
    assert "".join(part for line in lines for part in line) == "x" * 60


def test_a_long_text_shrinks_but_not_below_the_smallest_size():
    words = ["word"] * 60
    roomy = fit(words, face="DejaVuSans-Bold", width=500, height=400, size=50, smallest=16)
    tight = fit(words, face="DejaVuSans-Bold", width=500, height=20, size=50, smallest=16)
    assert roomy.height <= 400
    assert 16 < roomy.size < 50
    assert tight.size == 16
    assert tight.height > 20


def test_word_boxes_hold_the_ink():
    image = Image.new("RGB", (400, 300), "white")
    block = fit(["two", "words"], face="DejaVuSans-Bold", width=380, height=280, size=40, smallest=10)
    boxes = draw_block(image, block, left=10, top=10, width=380, fill=(0, 0, 0))
    left, top = (min(word.box[edge] for word in boxes) for edge in (0, 1))
    right, bottom = (max(word.box[edge] for word in boxes) for edge in (2, 3))
    inked = Image.eval(image.convert("L"), lambda value: 255 - value).getbbox()
    assert inked is not None
    assert (left, top, right, bottom) == pytest.approx(inked, abs=2)
    assert boxes[0].box[2] < boxes[1].box[0]


@pytest.mark.parametrize(
    ("text", "top"),
    [
        ("me: what a day", "me:"),
        ("nobody: me: what a day", "nobody:"),
        ("friends: how are you? me: fine", "friends: how are you?"),
        ("first this happened, then that did", "first this happened,"),
        ("one two three four", "one two"),
        ("alone", "alone"),
    ],
)
def test_captions_break_at_an_opening_or_a_pause(text, top):
    first, second = halves(text.split())
    assert " ".join(first) == top
    assert first + second == text.split()


@pytest.mark.parametrize(
    ("text", "drawn", "replaced"),
    [
        ("plain é ł", "plain é ł", 0),
        ("full width \uff21\uff22", "full width AB", 0),
        ("汉字 ok", "?? ok", 2),
        ("joined 👩\u200d👧", "joined ??", 2),
        ("heart ♥\ufe0f", "heart ♥", 0),
        ("marks n\u20e3", "marks n", 0),
        ("lone \ud800", "lone ?", 1),
    ],
)
def test_letters_the_font_lacks_give_way(text, drawn, replaced):
    assert drawable(text, "DejaVuSans-Bold") == (drawn, replaced)


def test_the_font_comes_out_of_matplotlib():
    assert font_file("DejaVuSans-Bold").parts[-4:-1] == ("mpl-data", "fonts", "ttf")


def test_capitals_are_as_high_as_asked():
    _, top, _, bottom = font("DejaVuSans-Bold", size_for_capitals(40)).getbbox("H")
    assert bottom - top == pytest.approx(40, abs=1)
