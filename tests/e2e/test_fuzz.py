"""Fuzzes every operation of openapi.json with schemathesis: for any request, the response matches
the document.

`make test` runs the short form, `make fuzz` the long one. functions-framework serves the functions
as in production, because the Functions emulator is slow; some requests go through Hosting, to check
that it does not change responses.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conftest import Running
from tests.e2e.fuzzing import World, fuzzed_world

OPENAPI = Path(__file__).parents[2] / "functions" / "openapi.json"
PATHS: dict[str, dict[str, Any]] = json.loads(OPENAPI.read_text())["paths"]
OPERATIONS = [operation for methods in PATHS.values() for operation in methods.values()]
SEED = int(os.environ.get("FUZZ_SEED", "20261123"))
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "1"))  # random, besides those at limits
# Omits checks that demand more than the document promises: rejecting unknown fields, which we
# ignore (negative_data_rejection), and accepting everything that fits the schema
# (positive_data_acceptance). tests/contract/test_access.py tests authorization (ignored_auth).
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def described(*, limits: bool) -> BaseSchema:
    """The document's schema. `limits`: with valid and invalid cases at every limit of every field.
    Methods that a path lacks are tested with the HTTP edge."""
    config = {
        "seed": SEED,
        "request-timeout": 60,  # generous, for busy machines
        "phases": {
            "coverage": {"enabled": limits, "unexpected-methods": []},
            "stateful": {"enabled": False},
        },
        "generation": {"max-examples": EXAMPLES, "database": "none"},
    }
    return schemathesis.openapi.from_path(OPENAPI, config=SchemathesisConfig.from_dict(config))


def alias(operation: dict[str, Any]) -> bool:
    """Whether it is another path of the same route, for which random examples are enough."""
    return "x-alias-of" in operation


def first_listings() -> list[dict[str, Any]]:
    """For each tag, the first GET without path parameters."""
    found: dict[str, dict[str, Any]] = {}
    for path, methods in PATHS.items():
        if "get" in methods and "{" not in path:
            found.setdefault(methods["get"]["tags"][0], methods["get"])
    return list(found.values())


@pytest.fixture(scope="module")
def world(stack: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with fuzzed_world(stack, tmp_path_factory.mktemp("fuzz") / "functions.log") as made:
        yield made


def check(world: World, case: Case[Any], caller: str, base_url: str = "") -> None:
    headers = world.prepare(case, caller)
    if "%0A" in case.formatted_path.upper():
        return  # functions-framework itself rejects paths with a line break, in HTML
    case.call_and_validate(
        base_url=base_url or world.url, headers=headers, checks=CHECKS, session=world.session
    )


def is_for_admins(case: Case[Any]) -> bool:
    return bool(case.operation.definition.raw["x-auth"] == "admin")


def by_the_intended_role(world: World, case: Case[Any]) -> None:
    check(world, case, "admin" if is_for_admins(case) else "user")


def by_the_other_role(world: World, case: Case[Any]) -> None:
    check(world, case, "user" if is_for_admins(case) else "admin")


def through_hosting(world: World, stack: Running, case: Case[Any]) -> None:
    check(world, case, "admin" if is_for_admins(case) else "user", stack.base_url)


def test_of_each(
    schema: BaseSchema, test: Callable[..., None], operations: Iterable[dict[str, Any]]
) -> dict[str, Any]:
    """One test function per operation. Items that schemathesis makes from one function share a node
    id, by which pytest-xdist distinguishes tests, so it would run only one of them."""
    ids = [operation["operationId"] for operation in operations]
    return {
        f"test_{test.__name__}_{each}": schema.include(operation_id=each).parametrize()(test)
        for each in ids
    }


test_of_each.__test__ = False  # type: ignore[attr-defined]

LIMITS, RANDOM = described(limits=True), described(limits=False)
globals().update(
    test_of_each(LIMITS, by_the_intended_role, (op for op in OPERATIONS if not alias(op)))
)
# Non-administrators are rejected before anything is read, so those operations are omitted.
globals().update(
    test_of_each(RANDOM, by_the_other_role, (op for op in OPERATIONS if op["x-auth"] != "admin"))
)
globals().update(test_of_each(RANDOM, through_hosting, first_listings()))


def test_every_operation_is_fuzzed() -> None:
    for operation in OPERATIONS:
        by = "the_other_role" if alias(operation) else "the_intended_role"
        assert f"test_by_{by}_{operation['operationId']}" in globals()
    assert len(OPERATIONS) > 100
