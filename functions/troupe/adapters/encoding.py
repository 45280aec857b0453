"""Encodes new documents into Firestore's protobuf messages.

The library takes three times as long: it looks for transforms at every level, and wraps each value
in a message of its own, to copy it into the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from google.cloud.firestore_v1 import _helpers
from google.cloud.firestore_v1.types import (
    ArrayValue,
    Document,
    MapValue,
    Precondition,
    Value,
    Write,
)
from google.protobuf.struct_pb2 import NULL_VALUE

# The messages themselves, without their wrappers.
_Array, _Document, _Map = ArrayValue.pb(), Document.pb(), MapValue.pb()
_Precondition, _Value, _Write = Precondition.pb(), Value.pb(), Write.pb()
_NULL = _Value(null_value=NULL_VALUE)
_PLAIN = {str: "string_value", bool: "boolean_value", int: "integer_value", float: "double_value"}


def create_write(name: str, data: Mapping[str, Any]) -> Write:
    """The write that creates a document. `name`: its full name, with the project. Raises TypeError
    for what no document can hold, transforms among it."""
    document = _Document(name=name, fields=_fields(data))
    message = _Write(update=document, current_document=_Precondition(exists=False))
    return cast(Write, Write.wrap(message))


def _fields(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _encode(value) for name, value in data.items()}


def _encode(value: Any) -> Any:
    if kind := _PLAIN.get(type(value)):
        return _Value(**{kind: value})
    if value is None:
        return _NULL
    if isinstance(value, dict):
        return _Value(map_value=_Map(fields=_fields(value)))
    if isinstance(value, list):
        return _Value(array_value=_Array(values=[_encode(each) for each in value]))
    return _helpers.encode_value(value)._pb
