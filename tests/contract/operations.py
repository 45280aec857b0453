"""The operations: those that are served, and what the contract says of who may call them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from troupe.app.domains import apis, functions
from troupe.web.routes import Route

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT.parent / "shared" / "api.yaml"
OPENAPI = ROOT / "functions" / "openapi.json"

# Served, and in no need of a place in the contract: pages about the API itself.
BESIDE_THE_CONTRACT = {
    ("GET", "/api/docs"): "public",
    ("GET", "/api/docs/assets/{name}"): "public",
}


@dataclass(frozen=True)
class Operation:
    function: str
    method: str
    path: str  # as Flask writes it
    id: str
    has_body: bool
    wants_input: bool  # beyond its path; without, it answers 4xx

    @property
    def key(self) -> tuple[str, str]:
        return self.method, re.sub(r"<(\w+)>", r"{\1}", self.path)

    @property
    def names(self) -> set[str]:
        """What the path names. A bare `name` is of something only by where it stands."""
        if found := re.search(r"(\w+)((?:/<\w+>)*/<name>)$", self.path):
            return {re.sub(r"[<>]", "", found[1] + found[2])}
        return set(re.findall(r"<(\w+)>", self.path))


def served() -> list[Operation]:
    return [
        Operation(
            function=function,
            method=route.method,
            path=route.path,
            id=route.operation_id,
            has_body=bool(route.parts.keys() & {"form", "body"}),
            wants_input=_wants_input(route),
        )
        for function in functions()
        for api in apis(function)
        for route in api.routes
    ]


def _wants_input(route: Route) -> bool:
    query = route.parts["query"].model_fields.values() if "query" in route.parts else ()
    return bool(route.parts.keys() & {"form", "body"}) or any(f.is_required() for f in query)


@cache
def policies() -> dict[tuple[str, str], str]:
    """(method, path) to policy, as the contract has it; beside a checkout that lacks the contract,
    as the committed openapi.json has it."""
    if not CONTRACT.exists():
        paths = json.loads(OPENAPI.read_text())["paths"]
        return {
            (method.upper(), path): operation["x-auth"]
            for path, methods in paths.items()
            for method, operation in methods.items()
        }
    found = dict(BESIDE_THE_CONTRACT)
    for operations in yaml.safe_load(CONTRACT.read_text()).values():
        for operation in operations if isinstance(operations, list) else ():
            for place in (operation["http"], *operation.get("aliases", ())):
                method, path = place.split(" ", 1)
                found[method, path] = operation["auth"]
    return found
