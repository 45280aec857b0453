"""Debug logs over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.audit.records import Actor
from troupe.debugging import schemas
from troupe.debugging.errors import DebugScopeNotFound, TooManyDebugScopes
from troupe.errors import InvalidInput
from troupe.paging import BadCursor, PageTooDeep
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.audit.service import AuditLog
    from troupe.caller import Caller
    from troupe.debugging.service import DebugLogs

api = Api("debug-logs", "Administration: debug logs")


@api.get(
    "/api/admin/debug-logs",
    auth=Auth.ADMIN,
    data=schemas.DebugLogList,
    errors=(BadCursor, PageTooDeep, InvalidInput),
)
def debug_logs(
    query: schemas.DebugLogsQuery, caller: Caller, debug_logs: DebugLogs, audit_log: AuditLog
) -> Reply:
    """Lists log lines that were stored while their scope was switched on, newest first. They are
    kept for three days. A line appears some seconds after it was written, or with the next request
    to its instance."""
    lines, found = debug_logs.page(query, query.chosen)
    whose = [f"users/{each.uid}" for each in lines if each.uid]
    audit_log.read(Actor.of(caller), "debugLogs", "debugLogs", whose)
    views = [schemas.DebugLogView.of(each) for each in lines]
    scopes = [schemas.DebugScopeView.of(each) for each in debug_logs.active()]
    return Reply(
        schemas.DebugLogList(logs=views, scopes=scopes),
        "Debug logs fetched successfully",
        meta=query.meta(found.total, found.next_cursor),
    )


@api.put(
    "/api/admin/debug-logs/<scope>",
    auth=Auth.ADMIN,
    data=schemas.DebugScopeData,
    errors=(InvalidInput, DebugScopeNotFound, TooManyDebugScopes),
)
def set_debug(
    path: schemas.DebugScopePath,
    body: schemas.SetDebug,
    caller: Caller,
    debug_logs: DebugLogs,
) -> Reply:
    """Stores what is logged about a user, a room, a call or a function (`user:ID`, `room:ID`,
    `call:ID`, `function:NAME`) for so many minutes from now, or ends that. It takes effect within
    30 seconds."""
    minutes = body.minutes if body.enabled else 0
    switch = debug_logs.switch(Actor.of(caller), path.scope, minutes)
    view = schemas.DebugScopeView.of(switch)
    done = "on" if body.enabled else "off"
    data = schemas.DebugScopeData(scope=view, enabled=body.enabled)
    return Reply(data, f"Debug logs switched {done}")
