"""Encodes new documents into Firestore's protobuf messages.

The library takes three times as long: it looks for transforms at every level, and wraps each value
in a message of its own, to copy it into the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from google.cloud.firestore_v1 import SERVER_TIMESTAMP, _helpers
from google.cloud.firestore_v1.types import (
    ArrayValue,
    Document,
    DocumentTransform,
    MapValue,
    Precondition,
    Value,
    Write,
)
from google.protobuf.struct_pb2 import NULL_VALUE

# The messages themselves, without their wrappers.
_Array, _Document, _Map = ArrayValue.pb(), Document.pb(), MapValue.pb()
_Precondition, _Value, _Write = Precondition.pb(), Value.pb(), Write.pb()
_Transform = DocumentTransform.FieldTransform.pb()
_REQUEST_TIME = DocumentTransform.FieldTransform.ServerValue.REQUEST_TIME
_NULL = _Value(null_value=NULL_VALUE)
_PLAIN = {str: "string_value", bool: "boolean_value", int: "integer_value", float: "double_value"}


def create_write(name: str, data: Mapping[str, Any]) -> Write:
    """The write that creates a document. `name`: its full name, with the project. At its top level,
    a value can be SERVER_TIMESTAMP. Raises TypeError for what no document can hold, other
    transforms among it."""
    times = [field for field, value in data.items() if value is SERVER_TIMESTAMP]
    rest = {field: value for field, value in data.items() if field not in times} if times else data
    document = _Document(name=name, fields=_fields(rest))
    message = _Write(
        update=document,
        current_document=_Precondition(exists=False),
        update_transforms=[
            _Transform(field_path=field, set_to_server_value=_REQUEST_TIME) for field in times
        ],
    )
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
