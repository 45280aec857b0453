"""The Flask apps of the HTTP functions, with the container of this process."""

from __future__ import annotations

from functools import cache

from flask import Flask

from troupe.app.container import Container
from troupe.app.domains import apis
from troupe.settings import settings
from troupe.web.app import build
from troupe.web.drain import Draining

# Maximum request sizes in bytes, below the platform's limit: an instance keeps the bodies of up to
# forty concurrent requests in memory.
_REQUEST_BYTES = {"auth": 6 * 1024 * 1024}


@cache
def container() -> Container:
    """The services of this process, configured by the environment."""
    return Container(settings())


@cache
def app_for(function: str) -> Flask:
    """The app of an HTTP function. Raises KeyError if the function does not exist."""
    return make_app(function, container())


def make_app(function: str, services: Container) -> Flask:
    """The app of a function with other services, for tests."""
    app = build(
        function,
        apis(function),
        services,
        origins=services.settings.allowed_origins,
        request_bytes=_REQUEST_BYTES.get(function),
        app_checks=services.app_checks,
    )
    if services.settings.emulated:
        app.wsgi_app = Draining(app.wsgi_app)  # type: ignore[method-assign]
    return app
