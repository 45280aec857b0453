"""Every operation of openapi.json, fuzzed with schemathesis: whatever comes in, what goes out is
what the document says.

The short form is part of `make test`; `make fuzz` is the long one. The functions of the stack are
served by functions-framework as in production, for the emulator's own are slow; some requests go
through Hosting, to see that it leaves answers as they are.
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
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "1"))  # at random, after those at every limit
# Left out are those that ask for more than the document says: to refuse unknown fields, which we
# ignore (negative_data_rejection), or to accept what only looks right (positive_data_acceptance).
# Who may ask is what tests/contract/test_access.py is about (ignored_auth).
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def described(*, limits: bool) -> BaseSchema:
    """The document. `limits`: with cases at every limit of every field, good and bad; methods that
    a path does not have are left to tests of the edge."""
    config = {
        "seed": SEED,
        "request-timeout": 60,  # a loaded machine is not what is tested
        "phases": {
            "coverage": {"enabled": limits, "unexpected-methods": []},
            "stateful": {"enabled": False},
        },
        "generation": {"max-examples": EXAMPLES, "database": "none"},
    }
    return schemathesis.openapi.from_path(OPENAPI, config=SchemathesisConfig.from_dict(config))


def alias(operation: dict[str, Any]) -> bool:
    """The same route under another address: examples at random are enough for it."""
    return "x-alias-of" in operation


def first_listings() -> list[dict[str, Any]]:
    """For each domain, the first operation that needs nothing but a caller."""
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
        return  # functions-framework itself takes no path with a line end, and answers in HTML
    case.call_and_validate(
        base_url=base_url or world.url, headers=headers, checks=CHECKS, session=world.session
    )


def is_for_admins(case: Case[Any]) -> bool:
    return bool(case.operation.definition.raw["x-auth"] == "admin")


def by_whom_it_is_for(world: World, case: Case[Any]) -> None:
    check(world, case, "admin" if is_for_admins(case) else "user")


def by_the_other_one(world: World, case: Case[Any]) -> None:
    check(world, case, "user" if is_for_admins(case) else "admin")


def through_hosting(world: World, stack: Running, case: Case[Any]) -> None:
    check(world, case, "admin" if is_for_admins(case) else "user", stack.base_url)


def test_of_each(
    schema: BaseSchema, test: Callable[..., None], operations: Iterable[dict[str, Any]]
) -> dict[str, Any]:
    """A test function for each operation. The items that schemathesis makes of one function share
    a node id, and pytest-xdist, which tells tests apart by that, would run one of them alone."""
    ids = [operation["operationId"] for operation in operations]
    return {
        f"test_{test.__name__}_{each}": schema.include(operation_id=each).parametrize()(test)
        for each in ids
    }


test_of_each.__test__ = False  # type: ignore[attr-defined]

LIMITS, RANDOM = described(limits=True), described(limits=False)
globals().update(
    test_of_each(LIMITS, by_whom_it_is_for, (op for op in OPERATIONS if not alias(op)))
)
# Who is no administrator is refused before anything is read.
globals().update(
    test_of_each(RANDOM, by_the_other_one, (op for op in OPERATIONS if op["x-auth"] != "admin"))
)
globals().update(test_of_each(RANDOM, through_hosting, first_listings()))


def test_every_operation_is_fuzzed() -> None:
    for operation in OPERATIONS:
        by = "the_other_one" if alias(operation) else "whom_it_is_for"
        assert f"test_by_{by}_{operation['operationId']}" in globals()
    assert len(OPERATIONS) > 100
