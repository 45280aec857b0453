"""Shapes of answers in other documents, as data: where in our envelope each field is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic.alias_generators import to_snake

# A dotted path is the value at that path; a mapping is an object with a shape for each field.
Shape: TypeAlias = "str | Mapping[str, Shape] | At"


@dataclass(frozen=True, slots=True)
class At:
    """The value at `path` in a shape of its own; of a list, each item."""

    path: str
    shape: Shape


def same(*names: str) -> dict[str, Shape]:
    """Fields that are named as ours are."""
    return {name: name for name in names}


def snake(*names: str) -> dict[str, Shape]:
    """Fields whose names are ours in snake_case."""
    return {to_snake(name): name for name in names}


def shaped(shape: Shape, value: Any) -> Any:
    """A JSON value in another shape. What it does not have is null."""
    if isinstance(shape, str):
        return _found(value, shape)
    if isinstance(shape, At):
        found = _found(value, shape.path)
        if isinstance(found, list):
            return [shaped(shape.shape, item) for item in found]
        return None if found is None else shaped(shape.shape, found)
    return {name: shaped(each, value) for name, each in shape.items()}


def _found(value: Any, path: str) -> Any:
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value
