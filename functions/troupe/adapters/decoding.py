"""Firestore's values as Python's, from the protobuf messages they arrive in.

The library's own way (`DocumentSnapshot.to_dict`) costs four times as much: it goes through a
wrapper of each message, and copies all that it has decoded. Reading lists is mostly decoding.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.cloud.firestore_v1 import _helpers

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Their field of the message holds the Python value.
_PLAIN = frozenset(
    {"string_value", "integer_value", "boolean_value", "double_value", "bytes_value"}
)


def decode_fields(fields: Any, client: Any) -> dict[str, Any]:
    """The fields of a `Document` or `MapValue` message, as `DocumentSnapshot.to_dict` gives them.

    `client`: whose documents references lead to.
    """
    decoded = {}
    for name in fields:  # not `.items()`, which is slow on protobuf's maps
        value = fields[name]
        kind = value.WhichOneof("value_type")
        decoded[name] = getattr(value, kind) if kind in _PLAIN else _decode(value, kind, client)
    return decoded


def decode_time(stamp: Any) -> datetime:
    """A `Timestamp` message; of what is finer than a microsecond a plain datetime has no room."""
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
        # Vectors and what MongoDB knows come as maps: the library tells them apart.
        if not any(name.startswith("__") for name in fields):
            return decode_fields(fields, client)
    return _helpers.decode_value(value, client)
