"""The copy of a room's last message, for lists: it must not outlive the text that it is of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from troupe.adapters.firestore import Database, Document, Update, Write, contend
from troupe.rooms.records import LastMessage, Message, Room
from troupe.rooms.writes import room_path
from troupe.text import shorten

_SHOWN = 140  # characters


def copy_of(message: Message) -> LastMessage:
    """What a room shows of its last message."""
    return LastMessage(
        id=message.id,
        uid=message.uid,
        kind=message.kind,
        text=shorten(message.text, _SHOWN),
        at=message.created_at,
    )


def copied(document: Document, room: Room, message: Message) -> list[Write]:
    """The write that keeps the room's copy right, if it is of this message. `document`: the room's,
    as read."""
    if room.last_message is None or room.last_message.id != message.id:
        return []
    text = shorten(message.text, _SHOWN)
    return [Update(document.path, {"lastMessage.text": text}, seen=document)]


def forget_copies(db: Database, found: Sequence[Document]) -> None:
    """Removes the rooms' copies of messages that are deleted: before, because a crash must not
    leave a copy, and again after it, because somebody may have read them meanwhile."""
    for room_id in {each.path.split("/")[1] for each in found}:
        contend(partial(forget_copy, db, room_id, {each.id for each in found}))


def forget_copy(db: Database, room_id: str, message_ids: Collection[str]) -> None:
    """Removes a room's copy of its last message, if it is one of these."""
    document = db.get(room_path(room_id))
    if document.exists and (document.data.get("lastMessage") or {}).get("id") in message_ids:
        db.commit_or_stale(Update(document.path, {"lastMessage": None}, seen=document))
