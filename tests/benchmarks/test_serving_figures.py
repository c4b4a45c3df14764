"""What the serving benchmark sends, counts and concludes."""

import math
import subprocess
import sys
from itertools import islice

import httpx
import psutil
import pytest
from serving_figures import Measured, Verdict, agreement, disorderly, percentile, pooled, ratio, row
from serving_load import Answered, Load, run_load
from serving_memes import order_of, schedule
from serving_servers import memes_and_passes
from serving_watch import cpu_seconds

SAID = ("words", ["Nervousness"])


def answered(status: int = 200, retry_after: float | None = None, number: int = 0, seconds: float = 1.0) -> Answered:
    return Answered(number, seconds, status, retry_after, SAID if status == 200 else None)


def test_percentiles_are_values_that_were_seen() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert [percentile(values, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]
    assert percentile([3.0], 0.5) == percentile([3.0], 0.99) == 3
    assert math.isnan(percentile([], 0.5))


def test_without_repeats_each_meme_is_sent_once() -> None:
    assert list(schedule(5, 0)) == [0, 1, 2, 3, 4]


def test_with_half_of_repeats_every_second_request_was_sent_before() -> None:
    sent = list(schedule(50, 0.5))
    assert sent[::2] == list(range(50))
    assert all(number in sent[:place] for place, number in enumerate(sent) if place % 2)
    assert len(sent) == 100
    assert len(set(sent[1::2])) > 10


def test_a_share_of_repeats_is_kept() -> None:
    sent = list(islice(schedule(1000, 0.25), 400))
    assert len(set(sent)) == 300


def test_drawn_memes_are_different_and_always_the_same() -> None:
    assert order_of(3) == order_of(3)
    assert len({(order_of(number).key, order_of(number).text) for number in range(20)}) == 20


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (Verdict("times", 2.0, 2), "times: 2.00, at least 2: holds"),
        (Verdict("times", 1.75, 2), "times: 1.75, at least 2: falls short by 0.25"),
        (Verdict("MB", 500.0, 500, at_most=True), "MB: 500.00, at most 500: holds"),
        (Verdict("MB", 512.5, 500, at_most=True), "MB: 512.50, at most 500: falls short by 12.50"),
        (Verdict("times", math.nan, 2), "times: nan, at least 2: falls short by inf"),
    ],
)
def test_a_verdict_tells_by_how_much_a_bound_is_missed(verdict: Verdict, told: str) -> None:
    assert str(verdict) == told


def test_only_a_503_that_says_when_to_come_again_is_orderly() -> None:
    fine = [answered(200), answered(503, 1.0)]
    assert disorderly(fine) == 0
    assert disorderly([*fine, answered(503), answered(503, 0.0), answered(429, 1.0), answered(500), answered(0)]) == 5


def test_rounds_are_pooled_and_the_table_tells_what_was_no_success() -> None:
    first = Measured("one", Load([answered(seconds=1.0), answered(503, 1.0)], 2.0), 1.0, 1_000_000, 5_000_000)
    second = Measured("two", Load([answered(seconds=3.0)], 2.0, ran_out=True), 2.0, 2_000_000, 4_000_000)
    whole = pooled("both", [first, second])
    told = ["both", "2", "0.50", "1.000", "3.000", "1.500", "1", "5", "503: 1, ran out of memes"]
    assert row(whole) == told


def test_answers_of_two_servers_are_compared_meme_by_meme() -> None:
    ours = Load([Answered(0, 1, 200, None, ("a", ["X"])), Answered(1, 1, 200, None, ("b", []))])
    peer = Load([Answered(1, 1, 200, None, ("b", ["X"])), Answered(2, 1, 200, None, ("c", []))])
    assert agreement(ours, peer) == (1.0, 0.0)
    assert all(math.isnan(share) for share in agreement(ours, Load()))
    assert math.isnan(ratio(1, 0))


def test_memes_and_passes_are_summed_over_tasks() -> None:
    told = (
        'symptomeme_forward_memes_bucket{le="1.0",task="anxiety"} 1.0\n'
        'symptomeme_forward_memes_count{task="anxiety"} 2.0\nsymptomeme_forward_memes_sum{task="anxiety"} 9.0\n'
        'symptomeme_forward_memes_count{task="depression"} 1.0\nsymptomeme_forward_memes_sum{task="depression"} 8.0\n'
    )
    assert memes_and_passes(told) == (17.0, 3.0)


def test_who_is_refused_asks_again_for_the_same_meme_and_memes_run_out() -> None:
    asked: list[int] = []

    async def ask(_: httpx.AsyncClient, number: int) -> httpx.Response:
        asked.append(number)
        if asked == [0]:
            return httpx.Response(503, headers={"Retry-After": "0"})
        return httpx.Response(200, json={})

    load = run_load(ask, lambda _: SAID, schedule(2, 0), callers=1, seconds=60)
    assert asked == [0, 0, 1]
    assert (load.count(200), load.count(503), load.ran_out) == (2, 1, True)
    assert [one.number for one in load.answers] == asked


def test_time_of_ended_children_counts() -> None:
    root = psutil.Process()
    before = cpu_seconds(root)
    spend = "import time\nwhile time.process_time() < 0.5: pass"
    subprocess.run([sys.executable, "-c", spend], check=True)
    assert cpu_seconds(root) - before >= 0.45
