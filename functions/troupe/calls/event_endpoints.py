"""Events of calls over HTTP, in the function whose threads wait."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flask import Response

from troupe.calls import event_schemas as schemas
from troupe.calls.errors import CallEnded, CallNotFound, NotInCall, Removed
from troupe.calls.schemas import CallPath
from troupe.errors import Unavailable
from troupe.paging import BadCursor
from troupe.web.caller import Auth
from troupe.web.events import EVENT_STREAM
from troupe.web.following import EventsQuery, LastEvent, followed
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.calls.events import CallEvents

api = Api("call_events", "Events of calls")


@api.get(
    "/api/calls/<callId>/events",
    auth=Auth.MEMBER,
    produces=(EVENT_STREAM, "application/json"),
    produced_json=schemas.CallEventsData,
    errors=(CallNotFound, Removed, CallEnded, NotInCall, BadCursor, Unavailable),
)
def call_events(
    header: LastEvent,
    path: CallPath,
    query: EventsQuery,
    caller: AccountCaller,
    call_events: CallEvents,
) -> Response:
    """Streams what happens in a call as server-sent events: `signal`, `participant_joined`,
    `participant_left`, `participant_changed`, `call_changed`. Begin `after` the `joinedAt` of your
    participant, so that no signal is lost. Signals to all of your participants are sent.

    It streams and answers as the events of rooms do: in batches, with `stream` for 280 seconds, or
    with `wait` as JSON."""
    follow = partial(call_events.follow, caller, path.call_id)
    view = schemas.CallEventView.of
    return followed(follow, header, query, caller.uid, view, schemas.CallEventsData)
