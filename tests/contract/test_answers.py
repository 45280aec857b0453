"""Answers do not grow with requests: every operation gets the largest wrong ones."""

from __future__ import annotations

import ctypes
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from tests.contract.access import Caller, Ids, World
from tests.contract.contract import policies
from tests.contract.hostile import (
    asked_before,
    body_of,
    fields,
    operations,
    options,
    query_of,
    resolved,
    wrong_forms,
    wrong_json,
    wrong_queries,
)
from tests.contract.operations import Operation, served
from tests.support.factories import PROJECT, test_settings
from tests.support.wiring import app_for, held_queue, rewired
from troupe.adapters.firestore import Database
from troupe.adapters.storage import Files
from troupe.dictionaries.records import MAX_BYTES, MAX_ENTRIES

LARGEST = 16 * 1024  # bytes
MEMORY = 64  # MB more than before the request
SECONDS = 1.0
OPERATIONS = [
    each
    for each in served()
    if body_of(operations()[each.id]) or query_of(operations()[each.id])
    if not each.route.alias_of
]


def unbounded(schema: dict[str, Any], where: str) -> Iterator[str]:
    """The strings, lists and maps in a schema without a maximum."""
    for option in options(schema):
        kind = option.get("type")
        named = option.keys() & {"enum", "const"} or option.get("format") in ("date-time", "binary")
        if kind == "string" and "maxLength" not in option and not named:
            yield where
        if kind == "array":
            if "maxItems" not in option:
                yield where
            yield from unbounded(option["items"], f"{where}[]")
        if kind == "object" or kind is None:
            if "additionalProperties" in option:
                if "maxProperties" not in option:
                    yield where
                yield from unbounded(option["additionalProperties"], f"{where}{{}}")
            elif "properties" not in option:
                yield where  # anything at all
        for name, each in option.get("properties", {}).items():
            yield from unbounded(each, f"{where}.{name}")


# Any JSON, whose bytes are counted: see test_call_signals.py.
OPAQUE = {"signal.payload", "signal.signals[].payload"}


def test_every_text_list_and_map_of_a_request_has_a_maximum() -> None:
    """Files have theirs in words, and in the maximum of the whole body: JSON Schema counts
    characters. Lists in answers that a page bounds are told by `meta.limit`."""
    found: list[str] = []
    for name, operation in operations().items():
        for each in operation.get("parameters", ()):
            parameter = resolved(each)
            found += unbounded(parameter["schema"], f"{name}?{parameter['name']}")
        if body := body_of(operation):
            assert 0 < body[2] <= 32 * 1024 * 1024
            found += unbounded(body[1], name)
    assert set(found) == OPAQUE


def test_an_unbounded_field_is_found() -> None:
    wrong = {
        "type": "object",
        "properties": {
            "a": {"type": "string"},
            "b": {"type": "array", "maxItems": 1, "items": {"type": "string"}},
            "c": {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]},
            "d": {"type": "object", "additionalProperties": {"type": "integer"}},
            "e": {},
            "f": {"type": "string", "maxLength": 3},
        },
    }
    assert list(unbounded(wrong, "x")) == ["x.a", "x.b[]", "x.c", "x.d", "x.e"]


def problems_of(model: type[BaseModel], name: str, value: Any) -> set[str]:
    try:
        model.model_validate({name: value})
    except ValidationError as error:
        return {each["type"] for each in error.errors() if each["loc"][:1] == (name,)}
    return set()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.id)
def test_told_maxima_are_enforced(operation: Operation) -> None:
    """A text or a list at its maximum is not too long, and one more is. Services check the others,
    with errors of their own."""
    by_services = {"text", "imageFiles", "newImageFiles"}
    model = operation.route.parts.get("body") or operation.route.parts.get("form")
    if model is None:
        return
    body = body_of(operations()[operation.id])
    assert body
    for name, field in fields(body[1]).items():
        most = field.get("maxLength") or field.get("maxItems")
        if most is None or name in by_services:
            continue
        item: Any = "a" if "maxLength" in field else ["a"]
        for extra, too_long in ((0, False), (1, True)):
            problems = problems_of(model, name, item * (most + extra))
            assert bool(problems & {"too_long", "string_too_long"}) is too_long, (name, problems)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.id)
def test_the_largest_valid_text_fits(operation: Operation) -> None:
    """The maximum of a body leaves room for all its texts, each character escaped as a pair."""

    def size(schema: dict[str, Any]) -> int:
        kind = resolved(schema)
        if "anyOf" in kind:
            return max(size(each) for each in kind["anyOf"])
        if kind.get("type") == "string":
            return 12 * int(kind.get("maxLength", 40)) + 2
        if kind.get("type") == "array":
            return int(kind["maxItems"]) * (size(kind["items"]) + 1)
        return sum(len(n) + 4 + size(each) for n, each in kind.get("properties", {}).items()) + 40

    body = body_of(operations()[operation.id])
    if body is None or body[0] != "application/json":
        return
    needed = size(body[1])
    if operation.id in ("createScript", "updateScript"):
        # A dialogue has at most 50,000 characters in all; a screenplay 200,000 instead of it.
        needed = 12 * 200_000
    if operation.id in ("createDictionary", "updateDictionary"):
        # A dictionary has at most 150,000 bytes of text in all. Escaped, each is six at most.
        entry = {"term": "", "alias": "", "ipa": "", "caseSensitive": False}
        needed = 6 * MAX_BYTES + len(json.dumps(entry)) * MAX_ENTRIES
    assert needed <= body[2]


@dataclass(frozen=True)
class Measured:
    status: int
    size: int
    seconds: float
    memory: int  # MB


class Peak:
    """The most memory of this process since `begin`, as Linux counts it."""

    def begin(self) -> None:
        ctypes.CDLL(None).malloc_trim(0)  # or requests would reuse what earlier ones freed
        Path("/proc/self/clear_refs").write_text("5")
        self._before = self._read("VmRSS")

    def megabytes(self) -> int:
        return (self._read("VmHWM") - self._before) // 1024

    def _read(self, name: str) -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(name))


@pytest.fixture(scope="module")
def world(file_db: Database) -> Iterator[World]:
    files = Files.connect(PROJECT, test_settings().bucket, can_sign=False)
    with rewired(health_checks={}), held_queue() as queue:
        yield World(file_db, files, queue)


def requests_of(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    """The arguments of the test client, with a name. What is wrong in one field that an earlier
    operation has, too, is sent to that one only."""
    described, omitted = operations()[operation.id], asked_before()[operation.id]
    queries = wrong_queries(query_of(described), omitted) if query_of(described) else ()
    for name, query in queries:
        yield f"query, {name}", {"query_string": query}
    if (body := body_of(described)) is None:
        return
    kind, schema, size = body
    if kind == "multipart/form-data":
        for name, content_type, data in wrong_forms(schema, size, omitted):
            yield name, {"data": data, "content_type": content_type}
        return
    for name, data in wrong_json(schema, size, omitted):
        assert len(data) <= size, name
        yield name, {"data": data, "content_type": "application/json"}
    yield "too large", {"data": b" " * (size + 1), "content_type": "application/json"}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux counts it")
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.id)
def test_no_wrong_request_makes_a_large_answer(world: World, operation: Operation) -> None:
    client = app_for(operation.function).test_client()
    policy = policies()[operation.place]
    callers = world.callers()
    caller: Caller = callers["admin" if policy == "admin" else "user"]
    ids: Ids = world.objects(operation, caller, of_body=False)
    path = operation.filled(ids)
    client.open(path, method=operation.method, headers=caller.headers)  # loads what it needs
    peak, worst = Peak(), Measured(0, 0, 0.0, 0)
    for name, request in requests_of(operation):
        peak.begin()
        started = time.thread_time()  # without the time of other processes
        with client.open(
            path, method=operation.method, headers=caller.headers, **request
        ) as answer:
            size, status = len(answer.data), answer.status_code
        got = Measured(status, size, time.thread_time() - started, peak.megabytes())
        if status < 400:
            continue  # not wrong: unknown fields are ignored
        assert 400 <= status < 500, (name, got)
        assert got.size < LARGEST, (name, got)
        assert got.memory < MEMORY, (name, got)
        # Coverage makes Python several times as slow.
        assert got.seconds < SECONDS * (4 if sys.gettrace() else 1), (name, got)
        worst = Measured(
            max(worst.status, status),
            max(worst.size, got.size),
            max(worst.seconds, got.seconds),
            max(worst.memory, got.memory),
        )
    print(f"{operation.id}: {worst.size} bytes, {worst.seconds:.2f} s, {worst.memory} MB at most")
