"""The shape of an answer in another document, as a value: what is where in ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic.alias_generators import to_snake

# A dotted path is the value there; a mapping is an object with a shape for each field.
Shape: TypeAlias = "str | Mapping[str, Shape] | At"


@dataclass(frozen=True, slots=True)
class At:
    """What is at `path`, in a shape of its own; of a list, each item."""

    path: str
    shape: Shape


def same(*names: str) -> dict[str, Shape]:
    """Fields with our names."""
    return {name: name for name in names}


def snake(*names: str) -> dict[str, Shape]:
    """Fields whose names are ours in snake_case."""
    return {to_snake(name): name for name in names}


def shaped(shape: Shape, value: Any) -> Any:
    """`value`, a JSON value, in a shape. What is not there is null."""
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
