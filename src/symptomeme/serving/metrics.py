"""What a service counts of itself, as Prometheus reads it."""

import os
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_MEMES = (1, 2, 4, 8, 16, 32, 64)


class Metrics(NamedTuple):
    """All of them; labels take values of this package alone, so that no caller can make new series."""

    requests: "Counter"  # by route and status
    seconds: "Histogram"  # of a whole request, by route
    refusals: "Counter"  # by code
    step_seconds: "Histogram"  # of one image, by step: picture, ocr, and each task
    images: "Histogram"  # in one request for several
    forward_memes: "Histogram"  # in one forward pass
    cache: "Counter"  # by cache and result
    abstentions: "Counter"  # by task


@cache
def metrics() -> Metrics:
    """Made once in a process, at first use: the environment says by then where workers share theirs."""
    from prometheus_client import Counter, Histogram  # noqa: PLC0415

    return Metrics(
        requests=Counter("symptomeme_requests", "Answers by route and status.", ["route", "status"]),
        seconds=Histogram("symptomeme_request_seconds", "Seconds of a request.", ["route"], buckets=_SECONDS),
        refusals=Counter("symptomeme_refusals", "Refusals by code.", ["code"]),
        step_seconds=Histogram("symptomeme_step_seconds", "Seconds of a step.", ["step"], buckets=_SECONDS),
        images=Histogram("symptomeme_batch_images", "Images in a request for several.", buckets=_MEMES),
        forward_memes=Histogram("symptomeme_forward_memes", "Memes in a forward pass.", ["task"], buckets=_MEMES),
        cache=Counter("symptomeme_cache", "Look-ups in a cache.", ["cache", "result"]),
        abstentions=Counter("symptomeme_abstentions", "Answers without a label.", ["task"]),
    )


def exposed() -> tuple[bytes, str]:
    """All metrics of all workers, and their content type."""
    import prometheus_client  # noqa: PLC0415
    from prometheus_client import multiprocess  # noqa: PLC0415

    metrics()
    registry = prometheus_client.REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = prometheus_client.CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return prometheus_client.generate_latest(registry), prometheus_client.CONTENT_TYPE_LATEST
