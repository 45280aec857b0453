"""Which cases of the fuzzer are sent by one operation for all.

A parameter or a top-level field of a body that several operations declare with the same name and
schema is read by the same code, so wrong values of it tell nothing new at the second operation: the
first one in the document sends them. Of a field with its own name, but the schema of another, one
value of a wrong type is sent. Whatever is valid, missing or random is sent by all, and
tests/contract/test_answers.py sends every operation wrong values of all its fields at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from schemathesis import Case
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import CoveragePhaseData, CoverageScenario

Place = tuple[str, str]  # path, query, header or body; name
UNKNOWN = "an unknown parameter"
# Their valid values are replaced, by the ids of real objects and the token of a caller, so each
# would be the same request again.
REPLACED = {"path", "header"}
TOLD = {"title", "description", "default", "example", "examples"}  # to readers only


class Shares:
    """`document`: the whole OpenAPI document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._components = document["components"]
        self._declared: dict[str, dict[Place, str]] = {}
        self._first: dict[tuple[Place, str], str] = {}
        self._first_of_shape: dict[str, tuple[str, Place]] = {}
        for methods in document["paths"].values():
            for operation in methods.values():
                if "x-alias-of" not in operation:
                    self._add(operation["operationId"], dict(self._shapes(operation)))

    def _add(self, operation: str, shapes: dict[Place, str]) -> None:
        self._declared[operation] = shapes
        for place, shape in shapes.items():
            self._first.setdefault((place, shape), operation)
            self._first_of_shape.setdefault(shape, (operation, place))

    def _shapes(self, operation: dict[str, Any]) -> Iterator[tuple[Place, str]]:
        for where in ("path", "query", "header"):
            yield (where, UNKNOWN), ""
        for each in operation.get("parameters", ()):
            parameter = self._resolved(each)
            yield (parameter["in"], parameter["name"]), self._shape(parameter["schema"])
        yield ("header", "Authorization"), operation["x-auth"]
        yield ("header", "Content-Type"), ""
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            yield ("header", "Content-Type"), kind
            for name, schema in self._resolved(content["schema"]).get("properties", {}).items():
                yield ("body", name), f"{kind} {self._shape(schema)}"

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            kind, name = schema["$ref"].split("/")[-2:]
            schema = self._components[kind][name]
        return schema

    def _shape(self, schema: dict[str, Any]) -> str:
        def told(value: Any) -> Any:
            if isinstance(value, list):
                return [told(each) for each in value]
            if not isinstance(value, dict):
                return value
            value = self._resolved(value)
            # A field can have these names, too.
            read = {k: v for k, v in value.items() if isinstance(v, dict) or k not in TOLD}
            return {name: told(each) for name, each in read.items()}

        return json.dumps(told(schema))

    def elsewhere(self, case: Case[Any], sent: set[str]) -> bool:
        """Whether another operation, or another case of this one, is sent in place of this case.
        `sent`: what was sent of wrong types, for one operation."""
        meta = case.meta
        if meta is None or not isinstance(meta.phase.data, CoveragePhaseData):
            return False
        data, operation = meta.phase.data, case.operation.definition.raw["operationId"]
        place = _place(data)
        shape = self._declared[operation].get(place)
        if shape is None or (meta.generation.mode.is_positive and place[0] not in REPLACED):
            return False
        if self._first[place, shape] != operation:
            return True
        wrong_type = data.scenario is CoverageScenario.INCORRECT_TYPE
        if not wrong_type or self._first_of_shape[shape] == (operation, place):
            return False
        wrong = f"{place} {data.description}"
        again = wrong in sent
        sent.add(wrong)
        return again


def _place(data: CoveragePhaseData) -> Place:
    """Which parameter or field a case is about; the name is empty if it is none or several."""
    where = data.parameter_location
    if where is None:
        return "", ""
    if data.scenario is CoverageScenario.OBJECT_UNEXPECTED_PROPERTIES:
        return where.value, UNKNOWN
    if where is ParameterLocation.BODY:  # "address -> city: Incorrect type"
        return where.value, (data.description or "").partition(":")[0].partition(" -> ")[0]
    return where.value, data.parameter or ""
