"""Pieces of an OpenAPI document as plain values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic.alias_generators import to_pascal

Json = dict[str, Any]


def object_of(properties: Json, optional: Iterable[str] = ()) -> Json:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def name_of(ref: Json) -> str:
    return str(ref["$ref"]).rsplit("/", 1)[-1]


def component(parameter: str) -> str:
    return re.sub(r"\W", "", to_pascal(parameter.replace("-", "_")))


def header_of(description: str, schema: Json) -> Json:
    return {"description": description, "schema": schema}


def header_refs(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def without_null(schema: Json) -> Json:
    """Drops null: a parameter is sent or left out."""
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    if len(options) == 1:
        only: Json = options[0] | rest
        return only
    return rest | {"anyOf": options} if options else rest


def drop_unused(spec: Json) -> None:
    """Removes unreferenced components, mostly models of parameters."""
    components = spec["components"]
    kept: set[tuple[str, str]] = set()
    waiting = [spec["paths"]]
    while waiting:
        for kind, name in set(_references(waiting.pop())) - kept:
            kept.add((kind, name))
            waiting.append(components[kind][name])
    for kind in ("headers", "parameters", "responses", "schemas"):
        components[kind] = {n: c for n, c in components[kind].items() if (kind, n) in kept}


def _references(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            _, _, kind, name = value["$ref"].split("/")
            yield kind, name
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def tidied(value: Any) -> Any:
    """Drops the titles that pydantic derives from names, and null defaults, which generated
    clients and forms would send; leaving the field out means the same."""
    if isinstance(value, list):
        return [tidied(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: tidied(item)
        for key, item in value.items()
        if not (key == "title" and isinstance(item, str)) and (key, item) != ("default", None)
    }


def sorted_keys(value: Any) -> Any:
    """Sorts keys; lists keep their order, which is significant."""
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    return [sorted_keys(item) for item in value] if isinstance(value, list) else value
