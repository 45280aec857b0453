"""Prefetching: order, bounds, failures, and that the thread always ends."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from troupe.media.video.prefetch import Prefetch


def test_items_come_in_order() -> None:
    with Prefetch(iter(range(100)), 3) as items:
        assert list(items) == list(range(100))


def test_it_is_never_further_ahead_than_the_bound() -> None:
    made = taken = furthest = 0

    def items() -> Iterator[int]:
        nonlocal made, furthest
        for number in range(20):
            made += 1
            furthest = max(furthest, made - taken)
            yield number

    with Prefetch(items(), 4) as prefetched:
        for _ in prefetched:
            taken += 1
            # The maximum: four in the queue, and one waiting for room.
            deadline = time.monotonic() + 10
            while made < min(taken + 5, 20):
                assert time.monotonic() < deadline, f"{made} made when {taken} were taken"
                time.sleep(0.001)
    assert taken == 20
    assert furthest <= 6  # one more may be between the queue and the count of taken items


def test_a_failure_is_raised_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    with Prefetch(items(), 4) as taken:
        assert next(taken) == 1
        with pytest.raises(ValueError, match="no more"):
            next(taken)


def test_leaving_early_stops_the_thread() -> None:
    def endless() -> Iterator[int]:
        while True:
            yield 1

    prefetch = Prefetch(endless(), 2)
    with prefetch as taken:
        next(taken)
        assert prefetch._thread.is_alive()
    assert not prefetch._thread.is_alive()
