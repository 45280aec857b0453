"""Response schemas: which strings may be null, and that lists accept any limit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from troupe.app.domains import apis, functions
from troupe.scripts.schemas import MOST_SCRIPTS
from troupe.web.routes import Route
from troupe.web.schema import MOST_ENTRIES

# Decision 019: a string is null only if it is the id, URL, time, status or error of something that
# does not exist (yet). Any other string is empty instead.
_NULLABLE = re.compile(
    r"id|.*Id|invitedBy|plan|.*[uU]rl|finalVideoPath|videoPath|.*At|.*[sS]ince|.*Until|.*Date|.*Before|lastModified|period(Start|End)|.*Status|status"
    r"|error|.*[eE]rrorMessage|endReason|word|videoJobCurrentStep|timingSource|nextCursor"
)


def routes() -> list[Route]:
    return [route for name in functions() for api in apis(name) for route in api.routes]


def nullable_strings(schema: dict[str, Any]) -> Iterator[str]:
    for part in (schema, *schema.get("$defs", {}).values()):
        for name, field in part.get("properties", {}).items():
            kinds = [option.get("type") for option in field.get("anyOf", ())]
            if "string" in kinds and "null" in kinds:
                yield name


@pytest.mark.parametrize("route", routes(), ids=lambda route: route.operation_id)
def test_only_listed_strings_may_be_null(route: Route) -> None:
    schema = route.data.model_json_schema(mode="serialization")
    wrong = [name for name in nullable_strings(schema) if not _NULLABLE.fullmatch(name)]
    assert wrong == []


LISTS = [
    route
    for route in routes()
    if "query" in route.parts and "limit" in route.parts["query"].model_fields
]


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.operation_id)
def test_every_list_reduces_a_limit_that_is_too_large(route: Route) -> None:
    query = route.parts["query"]
    needed = {"search": "a"} if route.operation_id.startswith("searchUsers") else {}
    if route.operation_id == "listComments":
        needed = {"subjectKind": "call", "subjectId": "a"}
    most = {"listMyScripts": MOST_SCRIPTS}.get(route.operation_id, MOST_ENTRIES)
    for asked in ("101", "1000000000"):
        assert query.model_validate({"limit": asked, **needed}).limit == most
    for asked in ("0", "-1", "x", "1e9"):
        with pytest.raises(ValueError, match="limit"):
            query.model_validate({"limit": asked, **needed})


def test_there_are_lists() -> None:
    assert len(LISTS) > 10
