import logging

import pytest

from symptomeme.data.data_docs import offline

KNOWN = {"a.min.css": "vendor/css/a.min.css", "a.min.js": "vendor/js/a.min.js", "logo.png": "images/logo.png"}


@pytest.mark.parametrize(
    ("found", "left"),
    [
        (
            '<link rel="stylesheet" type="text/css" href="https://cdn.example/a@1/a.min.css" />',
            '<link rel="stylesheet" href="../static/vendor/css/a.min.css">',
        ),
        (
            '<script src="https://cdn.example/a.min.js" integrity="sha384-x" crossorigin="anonymous"></script>',
            '<script src="../static/vendor/js/a.min.js"></script>',
        ),
        ('<img src="https://cdn.example/logo.png?d=1" alt="x"/>', '<img src="../static/images/logo.png" alt="x"/>'),
        ('<link href="../../../static/images/f.ico"/>', '<link href="../static/images/f.ico"/>'),
        ("a {background: url('https://cdn.example/b.png') 0 0}", "a {background: none 0 0}"),
        ("@media (prefers-color-scheme: dark) {a {}}", "@media not all {a {}}"),
        ('<script src="https://cdn.example/npm/vega@5"></script>', ""),
        ('<p>told</p><footer>\n<a href="https://example.org/newsletter">Subscribe</a></footer>', "<p>told</p>"),
        ("suite<br> Data asset: None<br> status", "suite<br> status"),
        ('<a href="https://example.org/page">told</a>', '<a href="https://example.org/page">told</a>'),
    ],
)
def test_nothing_is_loaded_from_the_network(found, left, caplog):
    assert offline(found, "../static/", KNOWN) == left
    assert not caplog.messages


def test_a_file_without_a_copy_is_left_out_and_named(caplog):
    with caplog.at_level(logging.WARNING):
        assert offline('<script src="https://cdn.example/new.js"></script>', "", KNOWN) == ""
    assert caplog.messages == ["Data Docs ask for new.js, of which there is no copy here: the page does without it."]
