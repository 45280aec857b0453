"""Computes the Firestore indexes that a query needs. The emulator needs none, so it cannot tell.

The rules are those of https://firebase.google.com/docs/firestore/query-data/index-overview:

- Within a collection, every field has an ascending and a descending index, and an array also has
  one over its elements. `fieldOverrides` replaces these, including those of a map's fields.
- For equality filters alone, or with an order by id, Firestore merges these indexes.
- A query with sorted or range fields needs one index per equality filter, which Firestore merges as
  well: the filter's field, then the sorted fields in their order, then by name the range fields
  that are not sorted. Directions are never reversed: (a, b desc) does not serve `order by b`.
- The id comes last in every index, in the direction of the field before it.

Firestore ignores the direction of an equality filter's field. Here it is always ascending, so each
query has exactly one set of indexes, and the file can be compared with it both ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

_EQUAL = {"==", "in"}
_CONTAINS = {"array_contains", "array_contains_any"}
_AUTOMATIC = ("ASCENDING", "DESCENDING", "CONTAINS")

Field = tuple[str, str]  # path; ASCENDING, DESCENDING or CONTAINS


@dataclass(frozen=True, order=True)
class Query:
    """The parts of a query that its indexes depend on. `where`: (field, operator); `order`: (field,
    descending); `group`: a collection group query."""

    collection: str
    where: tuple[tuple[str, str], ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    group: bool = False

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Query:
        return cls(
            collection=stored["collection"],
            where=tuple((name, op) for name, op in stored.get("where", ())),
            order=tuple((name, way == "desc") for name, way in stored.get("order", ())),
            group=stored.get("group", False),
        )

    def stored(self) -> dict[str, Any]:
        found: dict[str, Any] = {"collection": self.collection}
        if self.group:
            found["group"] = True
        if self.where:
            found["where"] = [list(each) for each in self.where]
        if self.order:
            found["order"] = [[name, "desc" if down else "asc"] for name, down in self.order]
        return found


@dataclass(frozen=True, order=True)
class Index:
    collection: str
    scope: str  # COLLECTION or COLLECTION_GROUP
    fields: tuple[Field, ...]


@cache
def needed(query: Query) -> frozenset[Index]:
    """The indexes that a query needs, including single-field ones."""
    scope = "COLLECTION_GROUP" if query.group else "COLLECTION"
    merged = [(name, "ASCENDING") for name, op in query.where if op == "=="]
    whole = [(name, "ASCENDING") for name, op in query.where if op in _EQUAL - {"=="}]
    whole += [(name, "CONTAINS") for name, op in query.where if op in _CONTAINS]
    rows = _sorted_by(query)
    filters: list[tuple[Field, ...]]
    if not rows or not whole:
        filters = [(field,) for field in (*merged, *whole)]
    else:  # merging is documented only for equalities with a single value
        filters = [(*merged, *whole)]
    found = [(*each, *rows) for each in filters] if filters else [rows]
    return frozenset(Index(query.collection, scope, fields) for fields in found if fields)


def _sorted_by(query: Query) -> tuple[Field, ...]:
    order = dict(query.order)
    last = next(reversed([down for name, down in query.order if name != "__name__"]), False)
    by_id = order.pop("__name__", last)
    bounded = {name for name, op in query.where if op not in _EQUAL | _CONTAINS}
    order |= dict.fromkeys(sorted(bounded - set(order)), last)
    if by_id != last:
        order["__name__"] = by_id
    return tuple((name, "DESCENDING" if down else "ASCENDING") for name, down in order.items())


def with_indexes(file: dict[str, Any], queries: Iterable[Query]) -> dict[str, Any]:
    """firestore.indexes.json with exactly the composite indexes that these queries need. Existing
    entries keep their place. Exemptions and single-field indexes are written by hand."""
    wanted = {index for query in queries for index in needed(query) if len(index.fields) > 1}
    kept = [entry for entry in file["indexes"] if _composite(entry) in wanted]
    missing = sorted(wanted - {_composite(entry) for entry in kept})
    return file | {"indexes": [*kept, *map(_entry, missing)]}


def _composite(entry: Mapping[str, Any]) -> Index:
    fields = tuple(_field(field["fieldPath"], field) for field in entry["fields"])
    return Index(entry["collectionGroup"], entry["queryScope"], fields)


def _entry(index: Index) -> dict[str, Any]:
    fields = [
        {"fieldPath": path, "arrayConfig" if mode == "CONTAINS" else "order": mode}
        for path, mode in index.fields
    ]
    return {"collectionGroup": index.collection, "queryScope": index.scope, "fields": fields}


class Declared:
    """The indexes that firestore.indexes.json declares."""

    def __init__(self, file: Mapping[str, Any]) -> None:
        self.composite = {_composite(entry) for entry in file["indexes"]}
        self.overrides = {
            (override["collectionGroup"], override["fieldPath"]): {
                Index(
                    override["collectionGroup"],
                    index["queryScope"],
                    (_field(override["fieldPath"], index),),
                )
                for index in override["indexes"]
            }
            for override in file["fieldOverrides"]
        }

    def faults(self, queries: Iterable[Query]) -> list[str]:
        """Indexes that are needed but not declared, and declared but not needed."""
        wanted = {index: query for query in queries for index in needed(query)}
        missing = [
            f"missing: {index} for {query.stored()}"
            for index, query in sorted(wanted.items())
            if not self._has(index)
        ]
        everything = self.composite.union(*self.overrides.values())
        return missing + [f"unused: {index}" for index in sorted(everything - set(wanted))]

    def _has(self, index: Index) -> bool:
        if len(index.fields) > 1:
            return index in self.composite
        ((path, mode),) = index.fields
        parts = path.split(".")
        for end in range(len(parts), 0, -1):
            override = self.overrides.get((index.collection, ".".join(parts[:end])))
            if override is not None:
                modes = {(each.scope, each.fields[0][1]) for each in override}
                return (index.scope, mode) in modes
        return index.scope == "COLLECTION" and mode in _AUTOMATIC


def _field(path: str, declared: Mapping[str, str]) -> Field:
    return path, declared.get("order") or declared["arrayConfig"]
