"""The container has every service that handlers and domains name, with the right type."""

from __future__ import annotations

import inspect
from functools import cached_property
from importlib import import_module
from operator import attrgetter
from pathlib import Path

import pytest

from tests.support.factories import HeldQueue, test_settings
from troupe.app.container import Container
from troupe.app.domains import DOMAINS, apis, functions, rate_limits
from troupe.commands.settings_table import rows, with_table
from troupe.web.routes import PARTS, Route

ROUTES = [route for function in functions() for api in apis(function) for route in api.routes]
PROVIDED = {
    name: str(each.func.__annotations__["return"])
    for name, each in inspect.getmembers(Container, lambda each: isinstance(each, cached_property))
} | {"settings": "Settings"}


def named(route: Route) -> dict[str, str]:
    """The services of a handler's parameters, with their annotated types."""
    annotations = {name: str(kind) for name, kind in route.handler.__annotations__.items()}
    return {name: annotations[name] for name in route.services}


def test_handlers_name_services_by_their_types() -> None:
    wrong = {
        f"{route.operation_id}: {name}: {kind}"
        for route in ROUTES
        for name, kind in named(route).items()
        if PROVIDED.get(name) != kind
    }
    assert not wrong


def test_erasers_and_chores_resolve() -> None:
    for domain in DOMAINS:
        for function in domain.erasers.values():
            module, _, name = function.partition(":")
            target = getattr(import_module(module), name)
            wanted = inspect.signature(target).parameters
            assert list(wanted)[:2] == ["uid", "limit"], function
            asked = {n: str(p.annotation) for n, p in wanted.items() if n not in ("uid", "limit")}
            assert all(PROVIDED.get(n) == kind for n, kind in asked.items()), function
        for method in domain.chores.values():
            service, _, name = method.partition(".")
            kind = PROVIDED[service]
            assert callable(attrgetter(name)(_class(kind))), method


def _class(name: str) -> type:
    """The class of a service, from the imports of the container's modules."""
    modules = [inspect.getfile(each) for each in Container.__mro__ if each is not object]
    lines = [line for each in modules for line in Path(each).read_text().splitlines()]
    (line,) = [each for each in lines if each.endswith(f"import {name}")][:1]
    kind: type = getattr(import_module(line.split()[1]), name)
    return kind


def test_no_two_domains_declare_the_same_name() -> None:
    for part in ("erasers", "chores", "limits"):
        names = [name for domain in DOMAINS for name in getattr(domain, part)]
        assert len(names) == len(set(names)), part


def test_every_limit_of_a_route_is_declared() -> None:
    assert {route.limit for route in ROUTES if route.limit} <= rate_limits(test_settings()).keys()


def test_no_service_is_named_like_a_part_of_a_request() -> None:
    assert not PROVIDED.keys() & {*PARTS, "caller"}


def test_a_replaced_service_is_used_by_all_that_depend_on_it() -> None:
    queue = HeldQueue()
    services = Container(test_settings(), queue=queue, database=object())
    assert services.queue is queue
    assert services.sender._queue is queue
    assert services.jobs._sender is services.sender


def test_an_unknown_service_is_rejected() -> None:
    with pytest.raises(TypeError, match="quene"):
        Container(test_settings(), quene=HeldQueue())


def test_the_readme_lists_every_setting() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    assert readme == with_table(readme), "run `python -m troupe settings`"
    assert len({row.variable for row in rows()}) == len(rows())
