"""Builds many objects without the search for reference cycles."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def uncollected(function: Callable[P, T]) -> Callable[P, T]:
    """Pauses the garbage collector, of the whole process, while `function` runs.

    It must be short and make no cycles. The collector looks at all objects again and again while
    their number grows: for a text of 100,000 lines, that was a quarter of the time.
    """

    @wraps(function)
    def uncollected_function(*args: P.args, **kwargs: P.kwargs) -> T:
        if not gc.isenabled():
            return function(*args, **kwargs)
        gc.disable()
        try:
            return function(*args, **kwargs)
        finally:
            gc.enable()

    return uncollected_function
