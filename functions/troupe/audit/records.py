"""The audit log: who among the administrators did what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from pydantic import Field

from troupe.caller import Caller
from troupe.records import Record


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts; `request_id` leads to the log line of the request."""

    uid: str
    email: str | None
    request_id: str | None = None

    @classmethod
    def of(cls, caller: Caller) -> Self:
        return cls(uid=caller.uid, email=caller.email, request_id=caller.request_id)


class AuditEntry(Record):
    """`audit/{id}`, created and never changed. `before` and `after` hold the fields that differ;
    what was not there before, or is not there after, has none."""

    id: str
    uid: str
    email: str | None
    operation: str  # the operation id of the API, or the operator's command
    target: str  # the path of the document that it is about
    before: dict[str, Any] = Field(default_factory=dict)
    after: dict[str, Any] = Field(default_factory=dict)
    at: datetime
    request_id: str | None = None
