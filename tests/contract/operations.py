"""The operations that are served, as the access matrix and the benchmark ask for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.contract.contract import Place, place_of, routes
from troupe.web.routes import Route


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
        """As Flask writes it."""
        return self.route.path

    @property
    def place(self) -> Place:
        return place_of(self.route)

    @property
    def has_body(self) -> bool:
        return bool(self.route.parts.keys() & {"form", "body"})

    @property
    def wants_input(self) -> bool:
        """Whether it takes more than its path; without, it answers 4xx."""
        query = self.route.parts.get("query")
        fields = query.model_fields.values() if query else ()
        return self.has_body or any(field.is_required() for field in fields)

    @property
    def names(self) -> set[str]:
        """What the path names. A bare `name` is of something only by where it stands."""
        if found := re.search(r"(\w+)((?:/<\w+>)*/<name>)$", self.path):
            return {re.sub(r"[<>]", "", found[1] + found[2])}
        return set(re.findall(r"<(\w+)>", self.path))

    def filled(self, ids: Mapping[str, str]) -> str:
        """The path with these ids in it."""
        return re.sub(r"<(\w+)>", lambda name: ids[name[1]], self.path)


def served() -> list[Operation]:
    return [Operation(function, route) for function, route in routes()]
