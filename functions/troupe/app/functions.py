"""The Flask apps of the HTTP functions, with the container of this process."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from flask import Flask

from troupe.app.container import Container
from troupe.app.domains import apis
from troupe.settings import settings
from troupe.web.app import build
from troupe.web.drain import Draining


@cache
def container() -> Container:
    """The services of this process, configured by the environment."""
    return Container(settings())


def instance() -> Container:
    """The services of this process, which serves a function: its upkeep runs."""
    services = container()
    services.upkeep.start()
    return services


@cache
def app_for(function: str) -> Flask:
    """The app of an HTTP function. Raises KeyError if the function does not exist, and ValueError
    if it lacks a setting."""
    # A request makes thousands of objects, and hardly any cycles: the default, to look for them
    # after every 700, takes 7 % of the time of a list.
    gc.set_threshold(10_000)
    settings().check_function(function)
    with _kept():
        return make_app(function, instance())


@contextmanager
def _kept() -> Iterator[None]:
    """For work whose objects stay as long as the process: the garbage collector does not run, and
    never looks at them later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def make_app(function: str, services: Container) -> Flask:
    """The app of a function with other services, for tests."""
    app = build(
        function,
        apis(function),
        services,
        origins=services.settings.allowed_origins,
        https=not services.settings.emulated,
        app_checks=services.app_checks,
    )
    if services.settings.emulated:
        app.wsgi_app = Draining(app.wsgi_app)  # type: ignore[method-assign]
    return app
