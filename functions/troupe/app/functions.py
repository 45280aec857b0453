"""The Flask app of each HTTP function, over the container of this process."""

from __future__ import annotations

from functools import cache

from flask import Flask

from troupe.app.container import Container
from troupe.app.domains import apis
from troupe.settings import settings
from troupe.web.app import build

# Bytes of a request, where the platform's own limit is more than is ever needed: bodies are kept
# in memory, of forty requests at once.
_REQUEST_BYTES = {"auth": 6 * 1024 * 1024}


@cache
def container() -> Container:
    """The services of this process, from its environment."""
    return Container(settings())


@cache
def app_for(function: str) -> Flask:
    """The app of an HTTP function. Raises KeyError for one that does not exist."""
    return make_app(function, container())


def make_app(function: str, services: Container) -> Flask:
    """The app of a function over other services, as tests want it."""
    return build(
        function,
        apis(function),
        services,
        origins=services.settings.allowed_origins,
        request_bytes=_REQUEST_BYTES.get(function),
    )
