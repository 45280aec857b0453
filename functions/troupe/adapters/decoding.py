"""Decodes Firestore's protobuf messages into Python values.

The library's own `DocumentSnapshot.to_dict` takes four times as long: it wraps each message and
copies the decoded values. Most of the time of reading a list is decoding.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.cloud.firestore_v1 import _helpers

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# For these, the message field already is the Python value.
_PLAIN = frozenset(
    {"string_value", "integer_value", "boolean_value", "double_value", "bytes_value"}
)


def decode_fields(fields: Any, client: Any) -> dict[str, Any]:
    """The fields of a `Document` or `MapValue` message, like `DocumentSnapshot.to_dict`.

    `client`: the client that decoded references belong to.
    """
    decoded = {}
    for name in fields:  # not `.items()`, which is slow on protobuf maps
        value = fields[name]
        kind = value.WhichOneof("value_type")
        decoded[name] = getattr(value, kind) if kind in _PLAIN else _decode(value, kind, client)
    return decoded


def decode_time(stamp: Any) -> datetime:
    """Decodes a `Timestamp` message. Keeps nanoseconds, for which a plain datetime has no room."""
    if stamp.nanos % 1000:
        exact: Any = DatetimeWithNanoseconds
        return cast(datetime, exact.from_timestamp_pb(stamp))
    return _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)


def _decode(value: Any, kind: str | None, client: Any) -> Any:
    if kind in _PLAIN:
        return getattr(value, kind)
    if kind == "null_value":
        return None
    if kind == "timestamp_value":
        return decode_time(value.timestamp_value)
    if kind == "array_value":
        elements = value.array_value.values
        return [_decode(each, each.WhichOneof("value_type"), client) for each in elements]
    if kind == "map_value":
        fields = value.map_value.fields
        # Vectors and MongoDB types are maps with one or two such keys; the library decodes them.
        if len(fields) > 2 or not any(name.startswith("__") for name in fields):
            return decode_fields(fields, client)
    return _helpers.decode_value(value, client)
