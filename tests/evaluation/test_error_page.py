import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from symptomeme.domain.labels import ANXIETY, DEPRESSION, Task
from symptomeme.evaluation.error_page import error_page

PLACE = Path("reports/anxiety/fusion/errors.html")
HOSTILE = "</p><script>alert(1)</script> \"'&{{ task }}"


def meme(task: Task, key: str, **changes: Any) -> dict[str, Any]:
    usual = {
        "key": key,
        "split": "test",
        "image": f"data/axiom/{key}.jpg",
        "text": "words",
        "labels": [task.labels[0]],
        "predicted": [task.labels[0]],
        "probabilities": [0.4] + [0.6 / (len(task.labels) - 1)] * (len(task.labels) - 1),
        "leaked": False,
        "abstain": False,
        "loss": 1.0,
    }
    return {**usual, **changes}


def page(task: Task, *memes: dict[str, Any]) -> str:
    return error_page(
        pd.DataFrame(memes),
        task=task,
        variant="fusion",
        thresholds=dict.fromkeys(task.labels, 0.3),
        model="0123456789abcdef",
        place=PLACE,
    )


def test_nothing_that_came_with_a_meme_is_markup() -> None:
    told = page(ANXIETY, meme(ANXIETY, 'test/<b>"x', text=HOSTILE, image="data/axiom/test/a b#1?%'\".jpg"))
    assert "<script>alert" not in told
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &#34;&#39;&amp;{{ task }}" in told
    assert "test/<b>" not in told
    assert 'src="../../../data/axiom/test/a%20b%231%3F%25%27%22.jpg"' in told


def test_it_loads_nothing_from_elsewhere() -> None:
    told = page(ANXIETY, meme(ANXIETY, "test/TE-1"))
    assert re.findall(r"https?:|//\w", told) == []
    assert "default-src 'none'" in told
    assert re.findall(r'(?:src|href)="([^"]+)"', told) == ["#memes", *["../../../data/axiom/test/TE-1.jpg"] * 2]


def test_the_worst_come_first() -> None:
    memes = [meme(ANXIETY, f"test/TE-{loss}", loss=loss) for loss in (0.5, 3.0, 1.5)]
    assert re.findall(r'data-key="([^"]+)"', page(ANXIETY, *memes)) == ["test/TE-3.0", "test/TE-1.5", "test/TE-0.5"]


@pytest.mark.parametrize("task", [ANXIETY, DEPRESSION], ids=lambda task: task.name)
def test_what_can_be_filtered_stands_with_each_meme(task: Task) -> None:
    first, second, *_ = task.labels
    told = page(
        task,
        meme(task, "val/VA-1", split="val", predicted=[second], leaked=True, abstain=True),
        meme(task, "test/TE-1", loss=0.1),
    )
    wrong, right = re.findall(r"<li (data-[^>]+)>", told)
    assert wrong == (
        f'data-outcome="wrong" data-split="val" data-true="{first}" data-predicted="{second}" data-leaked="1" '
        'data-abstain="1" data-confidence="0.400000" data-rank="1" data-key="val/VA-1"'
    )
    assert 'data-outcome="right" data-split="test"' in right
    assert "1 of 2 held-out memes wrong" in told
    assert ("&gt; 30.0%" in told) == task.multi_label


def test_a_meme_without_labels_or_words_is_told_so() -> None:
    told = page(DEPRESSION, meme(DEPRESSION, "test/TE-1", labels=[], predicted=[], text="", abstain=True))
    assert "<b>True:</b> none<br><b>Predicted:</b> none" in told
    assert "(none)</div>" in told
    assert 'data-outcome="right"' in told
