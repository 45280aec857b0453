"""Debug logs and their switches as they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from troupe.adapters.firestore import Document
from troupe.records import Record

COLLECTION = "debugLogs"
KEPT = timedelta(days=3)
SWITCHES = "debug/scopes"  # one document, which every instance reads
# The kinds of scopes, and the field of a log line that has the id.
KINDS: Mapping[str, str] = {
    "user": "uid",
    "room": "roomId",
    "call": "callId",
    "function": "function",
}
# An instance without a processor may look at its lines long after they were written.
_REMEMBERED = timedelta(hours=1)


class Switch(Record):
    """An entry of `debug/scopes`. `scope`: a kind and an id, such as `room:0123abcd`. `until`: when
    it ends by itself, or was switched off."""

    scope: str
    since: datetime
    until: datetime

    def is_on(self, at: datetime) -> bool:
        return self.since <= at < self.until


class DebugLine(Record):
    """`debugLogs/{id}`: a log line, with the scopes that it was stored for. `fields` has
    numbers and identifiers alone, see `cleaned`."""

    id: str
    at: datetime
    level: str
    event: str
    function: str
    uid: str | None = None
    room_id: str | None = None
    call_id: str | None = None
    request_id: str | None = None
    scopes: list[str]
    fields: dict[str, Any] = Field(default_factory=dict)
    expires_at: datetime


def switches_of(document: Document) -> list[Switch]:
    return [Switch.model_validate(each) for each in document.data.get("scopes", ())]


def remembered(switches: list[Switch], at: datetime) -> list[Switch]:
    """Without those that ended long ago."""
    return [each for each in switches if at < each.until + _REMEMBERED]
