"""What an instance counts in memory."""

from __future__ import annotations

import random
import threading
from bisect import bisect_left

import pytest

from troupe.counters import BOUNDS, Counters, Tally
from troupe.metrics.service import percentile


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def test_what_is_taken_is_by_minute_and_taken_once() -> None:
    clock = Clock()
    counters = Counters(clock)
    counters.add("messages", 2)
    clock.now += 60
    counters.add("messages")
    taken = counters.take()
    assert taken == {30_000_000: {"messages": Tally(2)}, 30_000_001: {"messages": Tally(1)}}
    assert counters.take() == {}


def test_requests_are_summed_by_function_and_operation() -> None:
    counters = Counters(Clock())
    counters.request("rooms", "sendMessage", 7.4, failed=False)
    counters.request("rooms", "sendMessage", 100, failed=True)
    ((_, names),) = counters.take().items()
    both = Tally(2, errors=1, ms=107, longest=100)
    both.buckets.update({1: 1, 9: 1})
    assert names == {"requests.rooms": both, "requests.rooms.sendMessage": both}


def test_memory_is_bounded_when_nothing_can_be_stored() -> None:
    clock = Clock()
    counters = Counters(clock)
    for _ in range(40):
        counters.add("messages")
        clock.now += 60
    taken = counters.take()
    assert list(taken) == list(range(30_000_025, 30_000_040))


def test_threads_lose_nothing() -> None:
    counters = Counters()

    def count() -> None:
        for _ in range(2000):
            counters.request("rooms", None, 3, failed=False)

    threads = [threading.Thread(target=count) for _ in range(8)]
    taken = []
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        taken.append(counters.take())
    taken.append(counters.take())
    found = [names["requests.rooms"] for minutes in taken for names in minutes.values()]
    assert sum(each.count for each in found) == 16_000
    assert sum(each.buckets.total() for each in found) == 16_000


@pytest.mark.parametrize("seed", range(20))
def test_percentiles_are_exact_to_within_a_bucket(seed: int) -> None:
    choose = random.Random(seed)
    times = [round(choose.lognormvariate(choose.uniform(1, 8), 1)) for _ in range(500)]
    counters = Counters(Clock())
    for ms in times:
        counters.request("x", None, ms, failed=False)
    (names,) = counters.take().values()
    for share in (0.5, 0.95):
        exact = sorted(times)[round(share * 500) - 1]
        found = percentile(names["requests.x"], share)
        number = bisect_left(BOUNDS, exact)
        low, high = (0, *BOUNDS)[number], (*BOUNDS, max(times))[number]
        assert low <= found <= min(high, max(times))
