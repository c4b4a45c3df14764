"""A request that is alone, beside the same work without a service."""

from collections.abc import Sequence
from statistics import median
from time import perf_counter, sleep

import httpx
from serving_figures import ALONE, Verdict, percentile, ratio
from serving_memes import Meme
from serving_servers import Asked, started

from symptomeme.domain.pointer import Live
from symptomeme.predictor import Predictor, Served, examine
from symptomeme.serving.store import stored_folder

WARM = 2  # pairs that do not count
REST = 0.3  # seconds before each: threads of the other's sums have stopped spinning by then


def lone_pairs(memes: Sequence[Meme], live: Live, task: str, seconds: float) -> tuple[list[str], list[Verdict]]:
    """Ask for one task with the words given, in turns with a predictor in this process.

    A batch that waited for company would show in the service's forward step: waiting for its turn is part of it.

    Returns:
        Lines to print, and whether the step takes as long as the predictor's own.
    """
    model, asked = live.models[task], Asked(memes, [task], given=True)
    own = [Served(predictor=Predictor(stored_folder(model)), name=model.name, version=model.version)]
    whole: list[float] = []
    steps: list[dict[str, float]] = []
    alone: list[dict[str, float]] = []
    with started("symptomeme", live, task) as server, httpx.Client(trust_env=False, timeout=60) as client:
        begin = perf_counter()
        while perf_counter() - begin < seconds or len(whole) <= WARM:
            number = len(whole)
            request = server.request(asked, number)
            sleep(REST)
            start = perf_counter()
            response = client.post(**request)
            whole.append(1000 * (perf_counter() - start))
            steps.append(response.raise_for_status().json()["milliseconds"])
            text = request["data"]["text"]
            sleep(REST)
            alone.append(examine(request["files"]["image"], "image", own, text).answer["milliseconds"])
    whole, steps, alone = whole[WARM:], steps[WARM:], alone[WARM:]
    served, predicted = (median(one[task] for one in rows) for rows in (steps, alone))
    summed = median(sum(one.values()) for one in steps)
    lines = [
        f"{len(whole)} lone requests, words given: median {median(whole):.1f} ms, "
        f"p99 {percentile(whole, 0.99):.1f} ms; its own steps {summed:.1f} ms, the forward step {served:.1f} ms",
        f"without a service: {median(sum(one.values()) for one in alone):.1f} ms, the forward step {predicted:.1f} ms",
    ]
    name = "a lone request's forward step, times a predictor's own"
    return lines, [Verdict(name, ratio(served, predicted), ALONE, at_most=True)]
