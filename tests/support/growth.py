"""Tells linear from quadratic time, on a machine of any speed and under coverage."""

import gc
import time
from collections.abc import Callable

FACTOR = 4
"""The whole is so many times as large as the part."""

LIMIT = 9.0
"""The whole may take so many times as long: linear time takes FACTOR times, quadratic FACTOR²."""

TRIVIAL = 0.1
"""Seconds in which nothing of interest can hide."""


def seconds(work: Callable[[], object]) -> float:
    """Processor time of this process. The garbage collector looks at all objects of the tests,
    however few are ours, so it waits."""
    gc.disable()
    try:
        started = time.process_time()
        work()
        return time.process_time() - started
    finally:
        gc.enable()


def is_linear(work: Callable[[int], object], size: int, trivial: float = TRIVIAL) -> bool:
    """Whether `work(size)` takes at most about FACTOR times as long as `work(size // FACTOR)`.

    A busy machine can make one measurement look several times as slow, so there are three.
    """

    def looks_linear() -> bool:
        whole = seconds(lambda: work(size))
        return whole < trivial or whole < LIMIT * seconds(lambda: work(size // FACTOR)) + trivial

    return any(looks_linear() for _ in range(3))


def repeated(unit: str, size: int) -> str:
    """Exactly `size` characters of repetitions of `unit`."""
    return (unit * (size // len(unit) + 1))[:size]
