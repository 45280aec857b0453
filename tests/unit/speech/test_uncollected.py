from __future__ import annotations

import gc

import pytest

from troupe.speech.text.uncollected import uncollected


@uncollected
def _enabled() -> bool:
    return gc.isenabled()


@uncollected
def _outer() -> tuple[bool, bool]:
    return _enabled(), gc.isenabled()


def test_the_collector_waits_until_the_outermost_function_ends() -> None:
    assert _outer() == (False, False)
    assert gc.isenabled()


def test_the_collector_works_again_after_an_error() -> None:
    @uncollected
    def fails() -> None:
        raise ValueError("failed")

    with pytest.raises(ValueError, match="failed"):
        fails()
    assert gc.isenabled()
