"""Limits of how many requests wait on purpose, per user and in all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from troupe.waiters import Waiters

FUNCTIONS = Path(__file__).parents[2] / "functions" / "troupe"
SLEEPS = {
    "accounts/passwords.py",  # with a place of WAITERS
    "waiters.py",  # its callers have a place, and a limit
    "rooms/clearing.py",  # in a task
    "outbound.py",  # until the deadline of the call
}


def test_a_user_has_few_places_and_all_together_some_more() -> None:
    waiters = Waiters(per_user=2, in_all=3)
    assert [waiters.enter("a") for _ in range(3)] == [True, True, False]
    assert [waiters.enter("b"), waiters.enter("c")] == [True, False]
    waiters.leave("a")
    assert waiters.enter("c")


def test_a_place_is_free_again_afterwards_and_after_an_error() -> None:
    waiters = Waiters(per_user=1, in_all=1)
    with waiters.place("a") as first, waiters.place("a") as second:
        assert (first, second) == (True, False)
    with pytest.raises(ZeroDivisionError), waiters.place("a"):
        raise ZeroDivisionError
    with waiters.place("a") as placed:
        assert placed


def test_places_are_counted_across_threads() -> None:
    waiters, together = Waiters(per_user=2, in_all=10), Barrier(40)

    def wait(number: int) -> bool:
        together.wait(20)
        return waiters.enter(str(number % 8))

    with ThreadPoolExecutor(40) as pool:
        assert sum(pool.map(wait, range(40))) == 10


def test_every_sleep_is_known_to_be_bounded() -> None:
    files = [path for path in FUNCTIONS.rglob("*.py") if "sleep(" in path.read_text()]
    assert {str(path.relative_to(FUNCTIONS)) for path in files} == SLEEPS
