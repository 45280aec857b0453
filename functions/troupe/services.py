"""Dependency injection by parameter name.

A function names the services it needs as parameters: a handler next to the parts of its request,
an eraser as keyword-only parameters. The caller takes them from the container by name, so no module
below `troupe.app` builds a service or looks one up in a global.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any


def parameters(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


def keyword_only(function: Callable[..., Any]) -> list[str]:
    found = inspect.signature(function).parameters.values()
    return [each.name for each in found if each.kind is inspect.Parameter.KEYWORD_ONLY]


def take(services: object, names: Iterable[str]) -> dict[str, Any]:
    """The services with these names. Raises AttributeError if one does not exist."""
    return {name: getattr(services, name) for name in names}
