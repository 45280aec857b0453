"""What the events of rooms are."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from troupe.rooms.events import EventName, Happened
from troupe.rooms.message_schemas import MessageView
from troupe.rooms.schemas import RoomView
from troupe.rooms.service import Shown
from troupe.web.following import EventsData
from troupe.web.schema import Schema


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


class RoomEventsData(EventsData):
    events: list[RoomEventView]
