"""Events of rooms over HTTP. A function of its own, because streams hold its threads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flask import Response

from troupe.errors import Unavailable
from troupe.paging import BadCursor
from troupe.rooms import event_schemas as schemas
from troupe.rooms.errors import RoomNotFound
from troupe.rooms.schemas import RoomPath
from troupe.web.caller import Auth
from troupe.web.events import EVENT_STREAM
from troupe.web.following import EventsQuery, LastEvent, followed
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.rooms.events import RoomEvents

api = Api("room_events", "Events of rooms")


@api.get(
    "/api/rooms/<roomId>/events",
    auth=Auth.MEMBER,
    produces=(EVENT_STREAM, "application/json"),
    produced_json=schemas.RoomEventsData,
    errors=(RoomNotFound, BadCursor, Unavailable),
)
def room_events(
    header: LastEvent,
    path: RoomPath,
    query: EventsQuery,
    caller: AccountCaller,
    room_events: RoomEvents,
) -> Response:
    """Streams what happens in a room as server-sent events: `new_message`, `message_edited`,
    `message_deleted`, `translation_result`, `speech_result`, `audio_transcription`, `room_changed`,
    `history_cleared`, `user_joined`, `user_left`, `user_typing`, `user_speaking`.

    A response ends with the first events, or after 25 seconds, because Firebase Hosting sends it
    as a whole. With `stream`, on the address of the function itself, it goes on for 280 seconds.
    With `wait`, the same events come as JSON. Go on with the last id, as `Last-Event-ID` or
    `after`: then nothing is lost or sent twice. Six at a time for each account; 503 with
    `Retry-After` if the server has too many."""
    follow = partial(room_events.follow, caller, path.room_id)
    view = schemas.RoomEventView.of
    return followed(follow, header, query, caller.uid, view, schemas.RoomEventsData)
