"""The schemas in the OpenAPI document, which pydantic generates from the models."""

from __future__ import annotations

from collections.abc import Iterable
from types import NoneType
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from troupe.app.domains import job_specs
from troupe.app.openapi_failures import details_of
from troupe.app.openapi_json import Json, object_of, ref, tidied, without_null
from troupe.errors import TroupeError
from troupe.web.routes import Route
from troupe.web.schema import MOST_WARNINGS, Meta, Notice, WarnsOfUnknown


def schemas_of(
    routes: Iterable[Route], kinds: Iterable[type[TroupeError]]
) -> tuple[dict[tuple[Any, JsonSchemaMode], Json], Json]:
    """References to the schema of each type and mode, and all schemas by name."""
    wanted: set[tuple[Any, JsonSchemaMode]] = {(Notice, "serialization")}
    metas = set[type[Meta]]()
    for route in routes:
        if route.meta:
            metas.add(route.meta)
        wanted.add((route.data, "serialization"))
        if route.surface:
            wanted.add((route.surface.failure, "serialization"))
        if route.produced_json:
            wanted.add((route.produced_json, "serialization"))
        taken = {*route.parts.values(), route.form} - {None, bytes}
        wanted |= {(model, "validation") for model in taken}
    for kind in kinds:
        wanted |= {(each, "serialization") for each in details_of(kind) - {NoneType}}
    wanted |= {(meta, "serialization") for meta in metas}
    inputs = sorted(wanted, key=lambda each: (each[0].__module__, each[0].__name__, each[1]))
    refs, described = TypeAdapter.json_schemas(
        [((kind, mode), mode, TypeAdapter(kind)) for kind, mode in inputs],
        ref_template="#/components/schemas/{model}",
    )
    schemas: Json = _with_registered(tidied(described["$defs"]))
    # pydantic disambiguates schemas of the same name by module, or with -Input and -Output.
    if twice := [name for name in schemas if "__" in name or "-" in name]:
        raise ValueError(f"schemas of the same name: {sorted(twice)}")
    for meta in metas:  # it omits null fields
        fields = schemas[meta.__name__]["properties"]
        schemas[meta.__name__]["properties"] = {name: without_null(fields[name]) for name in fields}
    return {kind: dict(ref) for (kind, _), ref in refs.items()}, schemas


def _with_registered(schemas: Json) -> Json:
    """Adds the enums of job kinds and steps, which are plain strings in the code and listed only in
    the registry."""
    steps = list(dict.fromkeys(step.name for spec in job_specs().values() for step in spec.steps))
    known = {
        "JobKind": sorted(job_specs()),
        "StepName": steps,
        "CurrentStep": ["", *steps, "completed"],
    }

    def replaced(value: Any) -> Any:
        if isinstance(value, list):
            return [replaced(each) for each in value]
        if not isinstance(value, dict):
            return value
        if "x-registered" in value:
            return ref(value["x-registered"])
        return {name: replaced(each) for name, each in value.items()}

    named = {name: {"type": "string", "enum": values} for name, values in known.items()}
    found: Json = replaced(schemas)
    return found | named


def warns(route: Route) -> bool:
    """Whether a success may have warnings about unknown fields."""
    model = route.parts.get("body") or route.parts.get("form")
    return model is not None and issubclass(model, WarnsOfUnknown)


def envelope(data: Json, *, meta: str | None, warns: bool) -> Json:
    """The envelope of a success. `meta`: the name of its schema."""
    fields = {
        "success": {"type": "boolean", "const": True},
        "statusCode": {"type": "integer"},
        "message": {"type": "string"},
        "data": data,
    }
    if meta:
        fields["meta"] = ref(meta)
    if warns:
        ignored = {"type": "array", "items": ref("Notice"), "maxItems": MOST_WARNINGS}
        fields["warnings"] = ignored
    return object_of(fields, optional={"warnings"})
