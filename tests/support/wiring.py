"""The services as deployed, with some replaced by a test's own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from typing import Any, cast

import pytest
from flask import Flask

from tests.support.factories import PROJECT, HeldQueue
from troupe.__main__ import main
from troupe.adapters.firestore import Database
from troupe.adapters.identity import Identity
from troupe.adapters.storage import Files
from troupe.app.container import Container
from troupe.app.functions import make_app
from troupe.media.uploads.decoders import Decoders
from troupe.settings import Settings, settings


@cache
def _decoders() -> Decoders:
    """For the containers of all settings: a child that opens uploads is slow to start."""
    return Decoders()


class Base(Container):
    @cached_property
    def decoders(self) -> Decoders:
        return _decoders()


class Rewired(Base):
    """A container with replaced services that reuses the clients of `base`, which are slow to
    create."""

    def __init__(self, base: Container, config: Settings, **others: Any) -> None:
        super().__init__(config, **others)
        self._base = base

    @cached_property
    def database(self) -> Database:
        return self._base.database

    @cached_property
    def files(self) -> Files:
        return self._base.files

    @cached_property
    def identity(self) -> Identity:
        return self._base.identity


_layers: list[dict[str, Any]] = []
_made: dict[Any, Container] = {}


def services() -> Container:
    """The services of the current test: with the settings of the environment, and the replacements
    of `rewired`."""
    others = {name: each for layer in _layers for name, each in layer.items()}
    config = others.pop("settings", None) or settings()
    return _container(config, others)


def _container(config: Settings, others: dict[str, Any]) -> Container:
    key = (config.model_dump_json(), *sorted((name, id(each)) for name, each in others.items()))
    if key not in _made:
        base = _container(config, {}) if others else None
        _made[key] = Base(config) if base is None else Rewired(base, config, **others)
    return _made[key]


class _Current:
    """Delegates to `services()` at the time of each request, because a test client may be created
    before the services are rewired."""

    def __getattr__(self, name: str) -> Any:
        return getattr(services(), name)

    def __dir__(self) -> list[str]:
        return dir(services())


def app_for(function: str) -> Flask:
    """The app of an HTTP function with `services()`."""
    config = services().settings
    return _app(function, tuple(config.allowed_origins), config.emulated)


@cache
def _app(function: str, origins: tuple[str, ...], emulated: bool) -> Flask:
    """An app for each of the settings that it is made with. It asks for all others later."""
    return make_app(function, cast(Container, _Current()))


def command(words: list[str]) -> int:
    """Runs an operator command with `services()`; returns its exit code."""
    return main(words, services())


@contextmanager
def rewired(**others: Any) -> Iterator[Container]:
    """Replaces services (and `settings`) by name in `services()` within the context."""
    _layers.append(others)
    try:
        yield services()
    finally:
        _layers.remove(others)


@pytest.fixture(scope="module")
def file_db(emulators: object) -> Iterator[Database]:
    """The database of a file's tests, which `services()` use, too.

    The emulator looks at every document of a collection to answer a query, so in one database for
    ten thousand tests the last would take ten times as long as the first. And whoever sweeps all
    that is due, or audits all there is, finds nothing of other files, which run at the same time.
    """
    yield from _used(f"demo-{secrets.token_hex(6)}")


@pytest.fixture(scope="module")
def deployed_db(emulators: object) -> Iterator[Database]:
    """The database of functions that run in processes of their own, and of the security rules."""
    yield from _used(PROJECT)


def _used(project: str) -> Iterator[Database]:
    """Its client stays open, because threads of `services()` may outlive the last test."""
    database = Database.connect(project)
    with rewired(database=database):
        yield database


@contextmanager
def held_queue() -> Iterator[HeldQueue]:
    """Replaces the queue by one that holds its tasks, and yields it."""
    held = HeldQueue()
    with rewired(queue=held):
        yield held


@pytest.fixture
def queue(emulators: object) -> Iterator[HeldQueue]:
    with held_queue() as held:
        yield held


def deliver(queue: HeldQueue) -> None:
    """Runs all tasks of jobs in the queue, and those they enqueue; leaves out what would be sent
    to webhooks."""
    while tasks := queue.take():
        for task in (each for each in tasks if "jobId" in each):
            services().runner.run(task["jobId"], task.get("part"), task.get("uid"))
