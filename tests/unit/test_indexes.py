"""Indexes are checked against every query that the tests make (tests/queries.json, see
tests/support/queries.py)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.indexes import Declared, Index, Query, needed
from tests.support.queries import recorded
from troupe.calls.livekit_events import EVENTS as LIVEKIT_EVENTS
from troupe.payments.records import EVENTS as STRIPE_EVENTS

FILE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "firestore.indexes.json").read_text()
)
_REVERSED = {"ASCENDING": "DESCENDING", "DESCENDING": "ASCENDING"}


def test_every_query_has_its_indexes_and_every_index_a_query() -> None:
    assert Declared(FILE).faults(recorded()) == []


@pytest.mark.parametrize("collection", [LIVEKIT_EVENTS, STRIPE_EVENTS])
def test_what_no_sweep_deletes_expires(collection: str) -> None:
    rows = [each for each in FILE["fieldOverrides"] if each["collectionGroup"] == collection]
    assert [each["fieldPath"] for each in rows if each.get("ttl")] == ["expiresAt"]


def broken() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every variant of the file with one index removed, moved to another collection or scope, or
    with one direction reversed, and its name."""
    for kind in ("indexes", "fieldOverrides"):
        for number, entry in enumerate(FILE[kind]):
            if entry.get("indexes") == []:
                continue  # an exemption, which saves space and serves no query
            path = entry.get("fieldPath") or ",".join(f["fieldPath"] for f in entry["fields"])
            name = f"{entry['collectionGroup']}.{path}"

            def instead(*entries: Any, kind: str = kind, number: int = number) -> dict[str, Any]:
                all_of_them = FILE[kind]
                return FILE | {kind: [*all_of_them[:number], *entries, *all_of_them[number + 1 :]]}

            if not _is_automatic(entry):
                yield f"{name} removed", instead()
            moved = entry | {"collectionGroup": entry["collectionGroup"] + "x"}
            yield f"{name} moved", instead(moved)
            rows = "fields" if kind == "indexes" else "indexes"
            for place, row in enumerate(entry[rows]):
                if "order" in row:
                    reversed_row = row | {"order": _REVERSED[row["order"]]}
                    others = [*entry[rows][:place], reversed_row, *entry[rows][place + 1 :]]
                    yield f"{name} {place} reversed", instead(entry | {rows: others})


def _is_automatic(entry: dict[str, Any]) -> bool:
    """Whether an override only drops some of Firestore's automatic indexes."""
    scopes = {index.get("queryScope") for index in entry.get("indexes", ())}
    return scopes == {"COLLECTION"}


def test_removing_moving_or_reversing_an_index_is_detected() -> None:
    queries, files = recorded(), list(broken())
    assert len(files) > 500
    assert [name for name, file in files if not Declared(file).faults(queries)] == []


def test_a_query_on_an_exempt_field_is_detected() -> None:
    (fault,) = Declared(FILE).faults({*recorded(), Query("jobs", (("input.text", "=="),))})
    assert "input.text" in fault


UP, DOWN = "ASCENDING", "DESCENDING"


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        (Query("c"), []),
        (Query("c", order=(("__name__", False),)), []),
        (Query("c", (("a", "=="),)), [[("a", UP)]]),
        (Query("c", (("a", "=="), ("b", "in"))), [[("a", UP)], [("b", UP)]]),
        (Query("c", (("a", "<="),), (("a", False),)), [[("a", UP)]]),
        (Query("c", order=(("a", True), ("__name__", True))), [[("a", DOWN)]]),
        (
            Query("c", order=(("a", True), ("__name__", False))),
            [[("a", DOWN), ("__name__", UP)]],
        ),
        (Query("c", (("a", "=="),), (("b", True),)), [[("a", UP), ("b", DOWN)]]),
        (
            Query("c", (("a", "=="), ("b", "==")), (("x", True),)),
            [[("a", UP), ("x", DOWN)], [("b", UP), ("x", DOWN)]],
        ),
        (
            Query("c", (("a", "=="), ("b", "in")), (("x", False),)),
            [[("a", UP), ("b", UP), ("x", UP)]],
        ),
        (
            Query("c", (("a", "array_contains"),), (("x", True),)),
            [[("a", "CONTAINS"), ("x", DOWN)]],
        ),
        (Query("c", (("b", ">="), ("b", "<"), ("a", ">="))), [[("a", UP), ("b", UP)]]),
        (Query("c", (("a", ">="), ("b", "<")), (("b", True),)), [[("b", DOWN), ("a", DOWN)]]),
    ],
)
def test_what_a_query_needs(query: Query, fields: list[list[tuple[str, str]]]) -> None:
    assert needed(query) == {Index("c", "COLLECTION", tuple(each)) for each in fields}


def test_a_collection_group_has_no_automatic_index() -> None:
    query = Query("c", order=(("at", True),), group=True)
    assert Declared({"indexes": [], "fieldOverrides": []}).faults([query])
