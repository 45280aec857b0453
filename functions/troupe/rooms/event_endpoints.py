"""Events of rooms over HTTP. A function of its own, because streams hold its threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flask import Response
from pydantic_core import to_json

from troupe.errors import Unavailable
from troupe.paging import BadCursor
from troupe.rooms import event_schemas as schemas
from troupe.rooms.errors import RoomNotFound
from troupe.rooms.events import BATCH_SECONDS, STREAM_SECONDS, Batch
from troupe.rooms.schemas import RoomPath
from troupe.waiters import STREAMS
from troupe.web.caller import Auth
from troupe.web.events import EVENT_STREAM, Event, KeepAlive, event_stream, too_many_streams
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
    header: schemas.LastEvent,
    path: RoomPath,
    query: schemas.EventsQuery,
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
    cursor = header.last_event_id or query.after
    if query.wait is not None:
        with STREAMS.place(caller.uid) as placed:
            if not placed:
                raise too_many_streams()
            batches = room_events.follow(
                caller, path.room_id, cursor, seconds=query.wait, once=True
            )
            found = next((each for each in batches if each is not None), None)
        data = schemas.RoomEventsData.of(found, cursor)
        return Response(to_json(data, by_alias=True), mimetype="application/json")
    seconds = STREAM_SECONDS if query.stream else BATCH_SECONDS
    batches = room_events.follow(
        caller, path.room_id, cursor, seconds=seconds, once=not query.stream
    )
    return event_stream(_events(batches, begun=query.stream), caller.uid, STREAMS)


def _events(batches: Iterator[Batch | None], *, begun: bool) -> Iterator[Event | KeepAlive]:
    """`begun`: sends the head of the response at once. Only the last event of a batch has an id:
    whoever loses the connection before it gets the whole batch again."""
    if begun:
        yield KeepAlive()
    for batch in batches:
        if batch is None:
            yield KeepAlive()
            continue
        *rest, last = batch.events
        for each in rest:
            yield Event(schemas.RoomEventView.of(each), name=each.name)
        yield Event(schemas.RoomEventView.of(last), id=batch.cursor, name=last.name)
