from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from tests.support.machine import slack
from troupe.outbound import after, bounded, retry


class Failing:
    """Raises each of `errors` in turn, then returns how often it was called."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.calls = list(errors), 0

    def __call__(self) -> int:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return self.calls


def test_a_transient_error_is_retried_after_each_wait() -> None:
    started = time.monotonic()
    assert retry(Failing(OSError(), OSError()), after(OSError), (0.02, 0.03)) == 3
    assert time.monotonic() - started >= 0.05


def test_the_last_error_is_raised_unchanged() -> None:
    attempt, last = Failing(OSError("1"), OSError("2"), OSError("3")), "2"
    with pytest.raises(OSError, match=last):
        retry(attempt, after(OSError), (0.0,))
    assert attempt.calls == 2


def test_a_permanent_error_is_raised_at_once() -> None:
    attempt = Failing(KeyError())
    with pytest.raises(KeyError):
        retry(attempt, after(OSError, ValueError), (0.0, 0.0))
    assert attempt.calls == 1


def test_the_error_can_set_the_wait() -> None:
    planned: list[float] = []

    def again(error: Exception, wait: float) -> float:
        planned.append(wait)
        return 0.0

    assert retry(Failing(OSError(), OSError()), again, (60.0, 70.0)) == 3
    assert planned == [60.0, 70.0]


def test_no_wait_exceeds_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    at = [100.0]
    clock = SimpleNamespace(monotonic=lambda: at[0], sleep=lambda wait: at.append(at.pop() + wait))
    monkeypatch.setattr("troupe.outbound.time", clock)
    attempt = Failing(*[OSError()] * 99)
    with pytest.raises(OSError):
        retry(attempt, after(OSError), itertools.repeat(5.0), deadline=119.0)
    assert (attempt.calls, at) == (4, [115.0])


def chunks(*, every: float = 0.0) -> Iterator[bytes]:
    while True:
        time.sleep(every)
        yield b"12345"


def test_a_response_within_its_limits_is_passed_on() -> None:
    found = bounded(
        itertools.islice(chunks(), 3),
        deadline=time.monotonic() + 60,
        limit=15,
        late=TimeoutError,
        large=OverflowError,
    )
    assert list(found) == [b"12345"] * 3


def test_a_response_that_is_too_large_is_aborted() -> None:
    found = bounded(
        chunks(), deadline=time.monotonic() + 60, limit=14, late=TimeoutError, large=OverflowError
    )
    assert list(itertools.islice(found, 2)) == [b"12345"] * 2
    with pytest.raises(OverflowError):
        next(found)


def test_a_slow_response_is_aborted_at_the_deadline() -> None:
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        list(
            bounded(
                chunks(every=0.02),
                deadline=started + 0.1,
                limit=10**9,
                late=TimeoutError,
                large=OverflowError,
            )
        )
    assert time.monotonic() - started < 5 * slack()
