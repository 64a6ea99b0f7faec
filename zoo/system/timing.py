"""Time calls that are to be compared alternately, so that a disturbance affects all of them."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

Name = TypeVar("Name")


def interleaved_medians(
    calls: Mapping[Name, Callable[[], object]], seconds: float, fewest: int, most: int
) -> tuple[dict[Name, float], int]:
    """Call each function once per round, in rounds until the time is up.

    Args:
        calls: functions to time, by name; each is first called twice, to compile and warm it up.
        seconds: no round begins after this time.
        fewest: the smallest number of rounds.
        most: the largest number of rounds.

    Returns:
        The median seconds of each call, and the number of rounds.
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
        # Another call is first in each round, so that no call always runs after the same one with its caches.
        names = list(calls)
        for name in names[rounds % len(names) :] + names[: rounds % len(names)]:
            before = time.perf_counter()
            calls[name]()
            samples[name].append(time.perf_counter() - before)
        rounds += 1
    return {name: statistics.median(values) for name, values in samples.items()}, rounds
