"""contract/api.yaml, and its comparison with the routes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from troupe.app.domains import apis, functions
from troupe.web.routes import Route

CONTRACT = Path(__file__).parents[2] / "contract" / "api.yaml"
# The five operations of CRUD: method and suffix of the path.
CRUD = (("GET", ""), ("POST", ""), ("GET", "/{id}"), ("PUT", "/{id}"), ("DELETE", "/{id}"))

Line = dict[str, Any]
Place = tuple[str, str]  # method and path, with {name} for a parameter


@cache
def contract() -> tuple[Line, ...]:
    """The lines of contract/api.yaml, each with its `function`."""
    return tuple(lines_of(CONTRACT.read_text()))


def lines_of(text: str) -> list[Line]:
    return [
        {"function": function} | line
        for function, lines in yaml.safe_load(text).items()
        for line in lines
    ]


@cache
def policies() -> dict[Place, str]:
    """The policies of the contract, by method and path."""
    return {
        place: line["auth"] for line in contract() if not is_planned(line) for place in places(line)
    }


def routes() -> list[tuple[str, Route]]:
    """All routes, including aliases, with their functions."""
    return [(name, route) for name in functions() for api in apis(name) for route in api.routes]


def is_planned(line: Line) -> bool:
    return line.get("planned") is True


def places(line: Line) -> list[Place]:
    """The methods and paths of an operation in the contract, main path first."""
    found: list[Place] = []
    for written in (line["http"], *line.get("aliases", ())):
        method, path = written.split(" ", 1)
        found += [(m, path + rest) for m, rest in CRUD] if method == "CRUD" else [(method, path)]
    return found


def place_of(route: Route) -> Place:
    return route.method, re.sub(r"<(\w+)>", r"{\1}", route.path)


def differences(lines: Iterable[Line], served: Iterable[tuple[str, Route]]) -> list[str]:
    """The differences between the contract and the routes, in words. Functions called by Cloud
    Tasks and Cloud Scheduler have no routes; the test of the deploy manifest compares those."""
    lines = [line for line in lines if line["auth"] != "task"]
    by_place = {place_of(route): (function, route) for function, route in served}
    return [
        *_repeated(lines),
        *_served_too_early([line for line in lines if is_planned(line)], by_place),
        *(text for line in lines if not is_planned(line) for text in _compared(line, by_place)),
        *_without_a_line(lines, by_place),
    ]


def _repeated(lines: list[Line]) -> Iterator[str]:
    names = Counter(line["op"] for line in lines)
    where = Counter(_anonymous(place) for line in lines for place in places(line))
    for key, count in [*names.items(), *where.items()]:
        if count > 1:
            yield f"{_written(key)} is in the contract {count} times"


def _served_too_early(planned: list[Line], served: dict[Place, tuple[str, Route]]) -> Iterator[str]:
    taken = {_anonymous(place) for place in served}
    names = {route.operation_id for _, route in served.values()}
    for line in planned:
        for place in places(line):
            if _anonymous(place) in taken:
                yield f"{_written(place)} is planned, yet it is served"
        if line["op"] in names:
            yield f"{line['op']} is planned, yet it is served"


def _without_a_line(lines: list[Line], served: dict[Place, tuple[str, Route]]) -> Iterator[str]:
    known = {_anonymous(place) for line in lines for place in places(line)}
    for place, (_, route) in served.items():
        if _anonymous(place) not in known:
            kind = f"an alias of {route.alias_of}" if route.alias_of else route.operation_id
            yield f"{_written(place)} ({kind}) is served, but not in the contract"


def _compared(line: Line, served: dict[Place, tuple[str, Route]]) -> Iterator[str]:
    op, status = line["op"], line.get("status", 200)
    for number, place in enumerate(places(line)):
        where = _written(place)
        if place not in served:
            yield f"{where} ({op}) is not served"
            continue
        function, route = served[place]
        name = (route.alias_of if number else route.operation_id) or route.operation_id
        for what, promised, found in (
            ("operation", op, name),
            ("function", line["function"], function),
            ("auth", line["auth"], str(route.auth)),
            ("scope", line.get("scope"), route.scope and str(route.scope)),
            ("status", status, route.status),
        ):
            if promised != found:
                yield f"{where}: {what} is {promised} in the contract, {found} in the code"
        if not number:
            yield from (f"{op}: {text}" for text in _fields(line, route))


def _fields(line: Line, route: Route) -> Iterator[str]:
    body = route.form or route.parts.get("body") or route.parts.get("form")
    taken = _marks(body) if body else {}
    promised = {re.sub(r"^\*|file:|\[\]$", "", mark): mark for mark in _named(line, "in")}
    planned = set(line.get("planned", ()))
    if unknown := planned - promised.keys():
        yield f"planned fields that `in` does not have: {sorted(unknown)}"
    if early := planned & taken.keys():
        yield f"planned, yet accepted: {sorted(early)}"
    yield from _sets("in", promised.keys() - planned, taken.keys())
    for name, mark in promised.items():
        if name in taken and name not in planned and mark != taken[name]:
            yield f"`in` has {mark}, the code {taken[name]}"
    yield from _sets("data", _named(line, "data"), _answered(route.data))


def _named(line: Line, key: str) -> list[str]:
    return [str(name) for name in line.get(key, ())]


def _sets(what: str, promised: Iterable[str], found: Iterable[str]) -> Iterator[str]:
    if missing := set(promised) - set(found):
        yield f"`{what}` has {sorted(missing)}, the code has not"
    if extra := set(found) - set(promised):
        yield f"the code has {sorted(extra)}, `{what}` has not"


@cache
def _answered(data: type[BaseModel]) -> frozenset[str]:
    return frozenset(data.model_json_schema(mode="serialization").get("properties", {}))


@cache
def _marks(body: type[BaseModel]) -> dict[str, str]:
    """Fields and their notation in the contract, such as `*file:audioFile` or `imageFiles[]`."""
    schema = body.model_json_schema()
    required = schema.get("required", ())
    marks = {}
    for name, field in schema.get("properties", {}).items():
        options = [field, *field.get("anyOf", ())]
        lists = [option for option in options if option.get("type") == "array"]
        items = [option.get("items", {}) for option in lists]
        is_file = any(option.get("format") == "binary" for option in [*options, *items])
        star = "*" if name in required else ""
        marks[name] = f"{star}{'file:' if is_file else ''}{name}{'[]' if lists else ''}"
    return marks


@cache
def _anonymous(place: Place) -> Place:
    """Without parameter names: /{planId} and /{id} are the same."""
    return place[0], re.sub(r"\{\w+\}", "{}", place[1])


def _written(key: str | Place) -> str:
    return key if isinstance(key, str) else " ".join(key)
