"""The audit log of administrators' actions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from pydantic import Field

from troupe.caller import Caller
from troupe.records import Record


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts; `request_id` identifies the log lines of the request."""

    uid: str
    email: str | None
    request_id: str | None = None

    @classmethod
    def of(cls, caller: Caller) -> Self:
        return cls(uid=caller.uid, email=caller.email, request_id=caller.request_id)


class AuditEntry(Record):
    """`audit/{id}`, created once and never changed. `before` and `after` hold the fields that
    differ; a field that does not exist on one side is absent there. Reading personal data makes an
    entry too, without the data: it has neither."""

    id: str
    uid: str
    email: str | None
    operation: str  # the API's operation id, or the operator's command
    target: str  # the path of the document that was changed or read, or the collection of a list
    about: list[str] = Field(default_factory=list)  # `target`, or the documents that a list showed
    before: dict[str, Any] = Field(default_factory=dict)
    after: dict[str, Any] = Field(default_factory=dict)
    at: datetime
    request_id: str | None = None
