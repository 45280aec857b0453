"""What the operations on debug logs take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints

from troupe.debugging.records import DebugLine, Switch
from troupe.debugging.service import DebugFilter
from troupe.plans.schemas import Moment
from troupe.web.schema import Page, Schema, example

MOST_MINUTES = 240
_SCOPE = "`user:ID`, `room:ID`, `call:ID` or `function:NAME`."
Scope = Annotated[str, StringConstraints(max_length=150)]


class DebugLogsQuery(Page):
    scope: Scope | None = Field(None, description=_SCOPE)
    level: Literal["info", "warning", "error"] | None = None
    request_id: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        None, description="The `X-Request-Id` of a response."
    )
    since: Moment | None = Field(None, alias="from")

    @property
    def chosen(self) -> DebugFilter:
        return DebugFilter(self.scope, self.level, self.request_id, self.since)


class DebugScopePath(Schema):
    scope: Scope


class SetDebug(Schema):
    model_config = example({"enabled": True, "minutes": 30})

    enabled: bool
    minutes: int = Field(
        30, ge=1, le=MOST_MINUTES, description="From now, after which it ends by itself."
    )


class DebugScopeView(Schema):
    scope: str
    until: datetime = Field(description="When it ends, or has ended.")

    @classmethod
    def of(cls, switch: Switch) -> Self:
        return cls(scope=switch.scope, until=switch.until)


class DebugScopeData(Schema):
    scope: DebugScopeView
    enabled: bool


class DebugLogView(Schema):
    """A log line. `fields`: numbers and identifiers; `omitted` names what was left out, and `stack`
    has the places of an exception, whose message is in Cloud Logging."""

    id: str
    at: datetime
    level: str
    event: str
    function: str
    user_id: str | None
    room_id: str | None
    call_id: str | None
    request_id: str | None
    scopes: list[str]
    fields: dict[str, Any]

    @classmethod
    def of(cls, line: DebugLine) -> Self:
        return cls(user_id=line.uid, **line.model_dump(exclude={"uid", "expires_at"}))


class DebugLogList(Schema):
    logs: list[DebugLogView]
    scopes: list[DebugScopeView] = Field(description="Those that are switched on.")
