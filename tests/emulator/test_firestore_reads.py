"""Reading documents gives the same as the library, in complete responses."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from google.api_core.exceptions import PermissionDenied, ServiceUnavailable
from google.cloud.firestore_v1 import GeoPoint, _helpers
from google.cloud.firestore_v1.types import Value
from google.cloud.firestore_v1.vector import Vector

from troupe.adapters.decoding import decode_fields
from troupe.adapters.encoding import create_write
from troupe.adapters.firestore import Create, Database, Document, Increment

AT = datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC)
VALUES: dict[str, Any] = {
    "null": None,
    "booleans": [True, False],
    "integers": [0, -1, 2**63 - 1, -(2**63)],
    "doubles": [0.0, -0.0, 0.1, 1e308, 5e-324, math.inf, -math.inf, math.nan],
    "strings": ["", "a", "\0", "naïve 🎭", "x" * 2000],
    "bytes": [b"", b"\x00\xff"],
    "times": [
        AT,
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=-5))),
    ],
    "place": GeoPoint(-90.0, 179.5),
    "maps": {"a": {}, "a.b": {"ü": {"deep": [{"er": [None]}]}}, "at": AT, "empty": []},
    "vector": Vector([1.0, 2.5]),
    "oddNames": {"__x": 1, "inner": {"at": AT}},
}


def shown(value: Any) -> str:
    """As text. The library's times have their own class, but equal plain ones."""
    return str(value).replace("DatetimeWithNanoseconds", "datetime.datetime")


def write_all(db: Database) -> str:
    path = f"values/{secrets.token_hex(8)}"
    reference = db._client.document("values/other")
    db.commit(Create(path, VALUES | {"references": [reference, {"to": reference}]}))
    return path


def test_documents_are_created_like_by_the_library() -> None:
    name = "projects/p/databases/(default)/documents/values/one"
    assert str(create_write(name, VALUES)) == str(_helpers.pbs_for_create(name, VALUES)[0])
    with pytest.raises(TypeError):
        create_write(name, {"count": Increment(1)})


def test_all_types_of_values_are_read_like_the_library(db: Database) -> None:
    path = write_all(db)
    snapshot = db._client.document(path).get()
    theirs: dict[str, Any] = snapshot.to_dict() or {}
    ours = db.get(path)
    assert ours.exists
    assert ours.path == path
    assert ours.update_time == snapshot.update_time
    assert sorted(ours.data) == sorted(theirs)
    assert ours.data.pop("references") == theirs.pop("references")
    for name, value in theirs.items():
        # As text, 1 differs from 1.0 and 0.0 from -0.0, and NaN equals itself.
        assert shown(ours.data[name]) == shown(value), name
    assert ours.data["times"] == theirs["times"]
    (listed,) = db.find("values", where=[("__name__", "==", db._client.document(path))], limit=2)
    assert shown(listed.data["doubles"]) == shown(ours.data["doubles"])


@pytest.mark.parametrize(
    "reserved", [{"__type__": "mine"}, {"__min__": None}, {"__int__": 3}, {"__oid__": "5" * 24}]
)
def test_maps_with_reserved_names_are_read_like_the_library(reserved: Any) -> None:
    fields = _helpers.encode_dict({"map": {"a": reserved}, "list": [reserved]})
    messages = {name: value._pb for name, value in fields.items()}
    assert str(decode_fields(messages, None)) == str(_helpers.decode_dict(messages, None))


@pytest.mark.parametrize("nanos", [0, 1, 999, 1000, 1001, 999_999_999])
def test_times_finer_than_a_microsecond_are_kept(nanos: int) -> None:
    value = Value()
    value._pb.timestamp_value.seconds, value._pb.timestamp_value.nanos = -1, nanos
    fields: Any = {"at": value._pb}
    ours: Any = decode_fields(fields, None)["at"]
    decoded: Any = _helpers.decode_dict(fields, None)
    theirs = decoded["at"]
    assert ours == theirs
    assert getattr(ours, "nanosecond", ours.microsecond * 1000) == theirs.nanosecond


def test_the_update_time_of_a_read_works_as_a_precondition(db: Database) -> None:
    path = write_all(db)
    assert db.get(path).update_time == db.get_all([path])[0].update_time
    (committed,) = db.commit(Create(f"{path}/more/one", {"a": 1})).update_times
    assert db.get(f"{path}/more/one").update_time == committed


def test_documents_are_read_in_the_requested_order(db: Database) -> None:
    made = [f"values/{secrets.token_hex(8)}" for _ in range(3)]
    db.commit(*(Create(path, {"number": n, "more": "x"}) for n, path in enumerate(made)))
    wanted = [made[2], "values/nowhere", made[0], made[2]]
    found = db.get_all(wanted, select=["number"])
    assert [each.path for each in found] == wanted
    assert [each.data for each in found] == [{"number": 2}, {}, {"number": 0}, {"number": 2}]
    assert [each.exists for each in found] == [True, False, True, True]
    assert found[1] == Document("values/nowhere", {}, False, None)
    assert db.get_all([made[0]], select=[])[0].exists


class Broken:
    """A client's generated API whose streams break off after one message, `times` times."""

    def __init__(self, api: Any, failure: Exception, times: int) -> None:
        self._api, self._failure, self.left = api, failure, times

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._api, name)

        def broken(*args: Any, **kwargs: Any) -> Iterator[Any]:
            answers = iter(call(*args, **kwargs))
            yield next(answers)
            if self.left:
                self.left -= 1
                raise self._failure
            yield from answers

        return broken if name in ("run_query", "batch_get_documents") else call


def test_an_interrupted_response_is_retried(own_db: Database) -> None:
    paths = [f"values/{n}" for n in range(5)]
    own_db.commit(*(Create(path, {"number": n}) for n, path in enumerate(paths)))
    client = own_db._client
    broken = Broken(client._firestore_api, ServiceUnavailable("gone"), times=1)
    client._firestore_api_internal = broken
    found = own_db.find("values", order=[("number", False)], limit=10)
    assert ([each.path for each in found], broken.left) == (paths, 0)
    broken.left = 1
    assert [each.path for each in own_db.get_all(paths)] == paths
    assert broken.left == 0


def test_a_permanent_read_error_is_raised_at_once(own_db: Database) -> None:
    own_db.commit(Create("values/one", {"number": 1}))
    client = own_db._client
    broken = Broken(client._firestore_api, PermissionDenied("no"), times=3)
    client._firestore_api_internal = broken
    with pytest.raises(PermissionDenied):
        own_db.find("values", limit=10)
    assert broken.left == 2
