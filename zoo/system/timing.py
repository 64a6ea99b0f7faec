"""Times of calls that are to be compared: taken in turn, so that what disturbs one disturbs the others."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

Name = TypeVar("Name")


def interleaved_medians(
    calls: Mapping[Name, Callable[[], object]], seconds: float, fewest: int, most: int
) -> tuple[dict[Name, float], int]:
    """Median seconds of each call over as many rounds as fit into some time, and the number of rounds.

    Args:
        calls: what to time; each is called twice first, to be compiled and warm.
        seconds: no round begins after so long.
        fewest: rounds that are made in any case.
        most: rounds at most.
    """
    if not calls:
        return {}, 0
    for call in calls.values():
        call()
        call()
    samples: dict[Name, list[float]] = {name: [] for name in calls}
    started = time.perf_counter()
    rounds = 0
    while rounds < fewest or (rounds < most and time.perf_counter() - started < seconds):
        # Turned by one each round: whatever a call leaves in the caches is not always left to the same one.
        names = list(calls)
        for name in names[rounds % len(names) :] + names[: rounds % len(names)]:
            before = time.perf_counter()
            calls[name]()
            samples[name].append(time.perf_counter() - before)
        rounds += 1
    return {name: statistics.median(values) for name, values in samples.items()}, rounds
