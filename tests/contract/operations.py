"""The served operations, for the access matrix and the benchmark."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.contract.contract import Place, place_of, routes
from troupe.web.routes import Route

# Their queries need one field of several.
ONE_OF_SEVERAL = {"usage"}


@dataclass(frozen=True)
class Operation:
    function: str
    route: Route

    @property
    def id(self) -> str:
        return self.route.operation_id

    @property
    def method(self) -> str:
        return self.route.method

    @property
    def path(self) -> str:
        """In Flask's notation."""
        return self.route.path

    @property
    def place(self) -> Place:
        return place_of(self.route)

    @property
    def has_body(self) -> bool:
        return bool(self.route.parts.keys() & {"form", "body"})

    @property
    def wants_input(self) -> bool:
        """Whether it needs more than its path, without which it answers 4xx."""
        query = self.route.parts.get("query")
        fields = query.model_fields.values() if query else ()
        required = any(field.is_required() for field in fields)
        return self.has_body or required or self.id in ONE_OF_SEVERAL

    @property
    def names(self) -> set[str]:
        """The names in the path. A bare `name` is qualified by the segments before it."""
        if found := re.search(r"(\w+)((?:/<\w+>)*/<name>)$", self.path):
            return {re.sub(r"[<>]", "", found[1] + found[2])}
        return set(re.findall(r"<(\w+)>", self.path))

    def filled(self, ids: Mapping[str, str]) -> str:
        """The path with these ids."""
        return re.sub(r"<(\w+)>", lambda name: ids[name[1]], self.path)


def served() -> list[Operation]:
    return [Operation(function, route) for function, route in routes()]
