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
from schemathesis.core.result import Ok
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conftest import Running
from tests.e2e.fuzz_shares import Shares
from tests.e2e.fuzzing import World, fuzzed_world

OPENAPI = Path(__file__).parents[2] / "functions" / "openapi.json"
DOCUMENT: dict[str, Any] = json.loads(OPENAPI.read_text())
PATHS: dict[str, dict[str, Any]] = DOCUMENT["paths"]
COMPONENTS: dict[str, dict[str, Any]] = DOCUMENT["components"]
OPERATIONS = [operation for methods in PATHS.values() for operation in methods.values()]
SEED = int(os.environ.get("FUZZ_SEED", "20261123"))
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "1"))  # random, besides those at limits
LONG = "FUZZ_EXAMPLES" in os.environ  # sends all cases of each operation
SHARES = Shares(DOCUMENT)
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


def described(operation_id: str, *, limits: bool) -> BaseSchema:
    """The schema of one operation: each one of the whole document would take 20 MB, and stay.
    `limits`: with valid and invalid cases at every limit of every field. Methods that a path lacks
    are tested with the HTTP edge."""
    config = {
        "seed": SEED,
        "request-timeout": 60,  # generous, for busy machines
        "phases": {
            "coverage": {"enabled": limits, "unexpected-methods": []},
            "stateful": {"enabled": False},
        },
        "generation": {"max-examples": EXAMPLES, "database": "none"},
    }
    document = alone(operation_id)
    return schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict(config))


def alone(operation_id: str) -> dict[str, Any]:
    """The document with one operation, and the components that it needs."""
    ((path, method, operation),) = (
        (path, method, operation)
        for path, methods in PATHS.items()
        for method, operation in methods.items()
        if operation["operationId"] == operation_id
    )
    components: dict[str, dict[str, Any]] = {"securitySchemes": COMPONENTS["securitySchemes"]}
    unread: list[Any] = [operation]
    while unread:
        part = unread.pop()
        if isinstance(part, dict):
            if isinstance(reference := part.get("$ref"), str):
                kind, name = reference.split("/")[-2:]
                if name not in components.setdefault(kind, {}):
                    components[kind][name] = COMPONENTS[kind][name]
                    unread.append(components[kind][name])
            unread += part.values()
        elif isinstance(part, list):
            unread += part
    return DOCUMENT | {"paths": {path: {method: operation}}, "components": components}


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


def role(case: Case[Any]) -> str:
    """Whom the operation is for."""
    return "admin" if case.operation.definition.raw["x-auth"] == "admin" else "user"


def fuzz(schema: BaseSchema, test: Callable[[Case[Any]], None]) -> None:
    """Calls `test` with the cases of an operation. schemathesis would make those of all operations
    when it collects tests, in every worker: a gigabyte."""
    (found,) = schema.get_all_operations()
    assert isinstance(found, Ok)
    build_operation_test(
        config=schema.config,
        operation=found.ok(),
        test_func=test,
        given_kwargs={},
        feedback=FeedbackSources(),
    )()


def ids(operations: Iterable[dict[str, Any]]) -> list[str]:
    return [operation["operationId"] for operation in operations]


@pytest.mark.parametrize("operation", ids(op for op in OPERATIONS if not alias(op)))
def test_by_the_intended_role(world: World, operation: str) -> None:
    sent = set[str]()

    def test(case: Case[Any]) -> None:
        if LONG or not SHARES.elsewhere(case, sent):
            check(world, case, role(case))

    fuzz(described(operation, limits=True), test)


# Non-administrators are rejected before anything is read, so those operations are omitted.
@pytest.mark.parametrize("operation", ids(op for op in OPERATIONS if op["x-auth"] != "admin"))
def test_by_the_other_role(world: World, operation: str) -> None:
    fuzz(described(operation, limits=False), lambda case: check(world, case, "admin"))


# Which function serves a path is a matter of tests/contract/test_architecture.py.
@pytest.mark.parametrize("operation", ids(first_listings()[:: 1 if LONG else 4]))
def test_through_hosting(world: World, stack: Running, operation: str) -> None:
    schema = described(operation, limits=False)
    fuzz(schema, lambda case: check(world, case, role(case), stack.base_url))
