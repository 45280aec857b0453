"""What the events of rooms are."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints

from troupe.rooms.events import Batch, EventName, Happened
from troupe.rooms.message_schemas import MessageView
from troupe.rooms.schemas import RoomView
from troupe.rooms.service import Shown
from troupe.web.schema import Headers, Schema

Cursor = Annotated[str, StringConstraints(max_length=6000, pattern=r"^[\x21-\x7e]+$")]


class LastEvent(Headers):
    last_event_id: Cursor | None = Field(
        None, description="The id of the last event that you have got."
    )


class EventsQuery(Schema):
    after: Cursor | None = Field(
        None,
        description="The same as `Last-Event-ID`, or a time: the `updatedAt` of the newest message "
        "that you have. Without it, what happens now.",
    )
    stream: bool = Field(False, description="Go on after the first events.")
    wait: int | None = Field(
        None, ge=1, le=25, description="Answer with JSON, after so many seconds at most."
    )


class RoomEventView(Schema):
    """What an event is about: a message, the room, or a user."""

    event: EventName
    message: MessageView | None
    room: RoomView | None
    user_id: str = Field(description="Of the one who came, left, types or speaks; else empty.")
    name: str = Field(description="Theirs; empty for `user_left`.")

    @classmethod
    def of(cls, happened: Happened) -> Self:
        return cls(
            event=happened.name,
            message=happened.message and MessageView.of(happened.message),
            room=happened.room and RoomView.of(Shown(happened.room, None)),
            user_id=happened.user_id,
            name=happened.user_name,
        )


class RoomEventsData(Schema):
    events: list[RoomEventView]
    last_event_id: str = Field(description="To be sent with the next request; may be empty.")

    @classmethod
    def of(cls, batch: Batch | None, cursor: str | None) -> Self:
        if batch is None:
            return cls(events=[], last_event_id=cursor or "")
        views = [RoomEventView.of(each) for each in batch.events]
        return cls(events=views, last_event_id=batch.cursor)
