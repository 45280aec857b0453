"""How many requests may wait on purpose, per user and in all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from troupe.waiters import Waiters

FUNCTIONS = Path(__file__).parents[2] / "functions" / "troupe"
# Everything below `app` that sleeps, and what bounds it.
SLEEPS = {
    "accounts/passwords.py": "WAITERS",
    "generations/service.py": "WAITERS, around its caller",
    "calls.py": "the deadline of each call",
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


def test_every_sleep_of_a_request_is_bounded() -> None:
    found = set()
    for path in FUNCTIONS.rglob("*.py"):
        if "sleep(" in path.read_text():
            found.add(str(path.relative_to(FUNCTIONS)))
    assert found == set(SLEEPS)
