"""The largest wrong requests of an operation, made from the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from functools import cache
from typing import Any
from urllib.parse import urlencode

from troupe.app.openapi import document
from troupe.web.body import JSON_LIMIT, MOST_PARTS

Json = dict[str, Any]
_FOR_READERS = ("title", "description", "default", "example", "examples")
BOUNDARY = "hostile"
QUERY_BYTES = 60_000  # more than any server in front of us passes on


@cache
def api() -> Json:
    return document()


@cache
def operations() -> dict[str, Json]:
    """By operation id."""
    paths = api()["paths"].values()
    return {each["operationId"]: each for methods in paths for each in methods.values()}


def resolved(schema: Json) -> Json:
    while "$ref" in schema:
        _, _, kind, name = schema["$ref"].split("/")
        schema = api()["components"][kind][name]
    return schema


def options(schema: Json) -> Iterator[Json]:
    """The schema, or its alternatives, without null."""
    schema = resolved(schema)
    for option in schema.get("anyOf") or schema.get("oneOf") or [schema]:
        found = resolved(option)
        if found.get("type") != "null":
            yield found


def fields(schema: Json) -> dict[str, Json]:
    """The fields of an object, each as one of its alternatives, a list or an object if possible."""
    found = {}
    for name, each in resolved(schema).get("properties", {}).items():
        ways = sorted(options(each), key=lambda way: way.get("type") not in ("array", "object"))
        found[name] = ways[0]
    return found


def body_of(operation: Json) -> tuple[str, Json, int] | None:
    """The media type, the schema and the maximum of bytes."""
    body = operation.get("requestBody")
    if body is None:
        return None
    kind, content = next(iter(body["content"].items()))
    return kind, content["schema"], int(body["x-max-bytes"])


def query_of(operation: Json) -> dict[str, Json]:
    """The schemas of the parameters in the query."""
    found = [resolved(each) for each in operation.get("parameters", ())]
    return {each["name"]: each["schema"] for each in found if each["in"] == "query"}


def one_of_each(known: dict[str, Json]) -> list[str]:
    """The names of fields, one of each kind: those of a kind are refused in the same way."""
    kinds: dict[str, str] = {}
    for name, each in known.items():
        shape = {key: each.get(key) for key in ("type", "format", "pattern", "enum", "items")}
        kinds.setdefault(json.dumps(shape), name)
    return list(kinds.values())


@cache
def asked_before() -> dict[str, set[str]]:
    """Of each operation, the fields and the parameters in the query that an earlier one has too,
    with the same name and schema and in as large a body: the same code refuses them."""
    asked, found = set[str](), {}
    for operation, described in operations().items():
        found[operation] = set[str]()
        kind, schema, size = body_of(described) or ("", {}, 0)
        known = [(kind, size, *each) for each in fields(schema).items()]
        known += [("query", 0, *each) for each in query_of(described).items()]
        for place, most, name, each in known:
            told = {key: value for key, value in each.items() if key not in _FOR_READERS}
            key = json.dumps([place, most, name, told])
            if key in asked:
                found[operation].add(name)
            asked.add(key)
    return found


def wrong_json(
    schema: Json, size: int, omitted: Collection[str] = ()
) -> Iterator[tuple[str, bytes]]:
    """Bodies of at most `size` bytes, with their names. `omitted`: fields that get none of their
    own."""
    known = fields(schema)
    own = {name: each for name, each in known.items() if name not in omitted}
    lists = [name for name, each in own.items() if each.get("type") == "array"]
    texts = [name for name, each in own.items() if each.get("type") == "string"]
    yield "unknown fields", _object(size, b"1")
    yield "long unknown field", b'{"%s":1}' % (b"a" * (size - 8))
    yield "unknown lists", b'{"x":[%s]}' % _filled(size - 8, b"[]")
    yield "unknown objects", b'{"x":[%s]}' % _filled(size - 8, b'{"":0}')
    yield "all wrong types", json.dumps({name: {"x": [None]} for name in known}).encode()
    yield "all null", json.dumps(dict.fromkeys(known)).encode()
    yield "a list", b"[%s]" % _filled(size - 2, b"{}")
    yield "deep", b"[" * size
    yield "a number of digits", b"9" * size
    for name in one_of_each(own):
        head = b'{"%s":' % name.encode()
        room = size - len(head) - 4
        yield f"{name}: a long string", head + b'"' + "é".encode() * (room // 2) + b'"}'
        yield f"{name}: digits in a string", head + b'"' + b"9" * room + b'"}'
        yield f"{name}: an object", head + _object(room, b"{}") + b"}"
        yield f"{name}: a list", head + b"[" + _filled(room, b"{}") + b"]}"
    for name in texts:
        head = b'{"%s":' % name.encode()
        yield f"{name}: escapes", head + b'"' + rb"\u0000" * ((size - len(head) - 4) // 6) + b'"}'
    for name in lists:
        head = b'{"%s":' % name.encode()
        room = size - len(head) - 4
        most = known[name]["maxItems"]
        for item in (b"{}", b"[]", b"null", b'""', b'{"":0}', b'{"text":7,"speaker":{}}'):
            yield f"{name}: {item.decode()}", head + b"[" + _filled(room, item) + b"]}"
            few = b",".join([item] * most)  # as many as are read
            yield f"{name}: {most} times {item.decode()}", head + b"[" + few + b"]}"


def wrong_forms(
    schema: Json, size: int, omitted: Collection[str] = ()
) -> Iterator[tuple[str, str, bytes]]:
    """Names, content types and bodies. `omitted`: fields that get none of their own."""
    known = fields(schema)
    multipart = f"multipart/form-data; boundary={BOUNDARY}"
    yield "texts for all", multipart, _form([(name, b"x" * 1000, False) for name in known])
    yield "files for all", multipart, _form([(name, b"x" * 1000, True) for name in known])
    yield "unknown", multipart, _form([(f"f{n}", b"x", False) for n in range(MOST_PARTS)])
    yield "too many", multipart, _form([(f"f{n}", b"x", False) for n in range(20_000)])
    yield "one long text", multipart, _form([("x", b"x" * (size - 1000), False)])
    urlencoded = "application/x-www-form-urlencoded"
    for most in (JSON_LIMIT, size):
        yield f"urlencoded, {most} bytes", urlencoded, _pairs()[:most]
    for name in one_of_each({name: known[name] for name in known if name not in omitted}):
        yield f"{name}: many texts", multipart, _form([(name, b"x", False)] * MOST_PARTS)
        # Of a field that takes none, the content is not read.
        takes_files = known[name].get("format") == "binary" or known[name].get("type") == "array"
        room = size // MOST_PARTS - 200 if takes_files else 10
        yield f"{name}: many files", multipart, _form([(name, b"x" * room, True)] * MOST_PARTS)


def wrong_queries(
    known: dict[str, Json], omitted: Collection[str] = ()
) -> Iterator[tuple[str, str]]:
    most = QUERY_BYTES
    yield "unknown", "&".join(f"{n:x}=1" for n in range(most // 8))
    yield "all wrong", urlencode(dict.fromkeys(known, "\x00{}"))
    for name in one_of_each({name: known[name] for name in known if name not in omitted}):
        for what, value in (("digits", "9"), ("letters", "x"), ("zeros", "0")):
            yield f"{name}: {what}", f"{name}={value * (most - 100)}"
        yield f"{name}: repeated", "&".join([f"{name}=x"] * (most // (len(name) + 3)))


@cache
def _pairs() -> bytes:
    """More than any operation reads."""
    return b"&".join(b"%x" % n for n in range(5_000_000))


def _filled(size: int, item: bytes) -> bytes:
    """As many items, separated by commas, as fit into `size` bytes."""
    return ((item + b",") * ((size + 1) // (len(item) + 1)))[:-1]


def _object(size: int, value: bytes) -> bytes:
    """An object of as many fields, all with that value, as fit into `size` bytes."""
    each = len(b'"000000":,') + len(value)
    fields_of_it = _many_fields(value)[: (size - 1) // each * each - 1]
    assert len(fields_of_it) + 2 + each > size
    return b"{" + fields_of_it + b"}"


@cache
def _many_fields(value: bytes) -> bytes:
    """More than any operation reads."""
    return b",".join(b'"%06x":%s' % (number, value) for number in range(5_000_000 // 10))


def _form(parts: list[tuple[str, bytes, bool]]) -> bytes:
    made = []
    for name, value, is_file in parts:
        file = '; filename="a.wav"' if is_file else ""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        made.append(head.encode() + value + b"\r\n")
    return b"".join(made) + f"--{BOUNDARY}--\r\n".encode()
