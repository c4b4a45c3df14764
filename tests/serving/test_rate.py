from symptomeme.serving.door.rate import Rate


def test_a_bucket_holds_a_minute_and_fills_evenly() -> None:
    now = 0.0
    rate = Rate(4, clock=lambda: now)
    assert [rate.wait("a") for _ in range(5)] == [0, 0, 0, 0, 15]
    now = 15.0
    assert [rate.wait("a") for _ in range(2)] == [0, 15]
    now = 1000.0
    assert [rate.wait("b"), len(rate._full)] == [0, 1]
