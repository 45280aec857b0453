"""Compares responses with examples: same fields, same types, any values."""

from __future__ import annotations

import re
from typing import Any

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def assert_like(given: Any, example: Any, place: str = "data") -> None:
    """Fails unless `given` has every field of the example, with the same type: a number, a time,
    null, or a non-empty list of these."""
    if isinstance(example, dict):
        assert isinstance(given, dict), place
        for name, value in example.items():
            assert name in given, f"{place} lacks {name}"
            assert_like(given[name], value, f"{place}.{name}")
    elif isinstance(example, list):
        assert isinstance(given, list), place
        assert given, f"{place} is empty"
        for item in given:
            assert_like(item, example[0], f"{place}[]")
    elif isinstance(example, int | float) and not isinstance(example, bool):
        assert isinstance(given, int | float), place
        assert not isinstance(given, bool), place
    else:
        assert type(given) is type(example), place
        if isinstance(example, str) and _TIME.fullmatch(example):
            assert _TIME.fullmatch(given), place
