"""What somebody is in a room: one read, and the check that every operation in a room makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from troupe import logs
from troupe.access import keeper, member
from troupe.adapters.firestore import Database, Document
from troupe.rooms.errors import (
    CaptionNotFinal,
    MessageNotFound,
    Muted,
    RoomArchived,
    RoomNotFound,
    RoomRoleRequired,
)
from troupe.rooms.records import Member, Message, Room, RoomStatus
from troupe.rooms.writes import member_path, room_path


@dataclass(frozen=True, slots=True)
class Standing:
    """A room and one of its members. `documents`: these two, and what was read with them, as read,
    by path; for the preconditions of a commit."""

    room: Room
    member: Member
    documents: dict[str, Document]

    @property
    def room_document(self) -> Document:
        return self.documents[room_path(self.room.id)]

    @property
    def member_document(self) -> Document:
        return self.documents[member_path(self.room.id, self.member.uid)]

    def require_moderator(self) -> None:
        """Raises RoomRoleRequired."""
        self._require(self.member.moderates, "moderator", None)

    def require_owner(self) -> None:
        """Raises RoomRoleRequired."""
        owns = self.member.role == "owner"
        self._require(owns, "owner", "Only the owner of the room can do this.")

    def _require(self, allowed: bool, needed: str, message: str | None) -> None:
        refusal = None if allowed else RoomRoleRequired(message, details={"needed": needed})
        keeper(self.member_document, self.member.uid, refusal)

    def require_open(self) -> None:
        """Raises RoomArchived."""
        if self.room.status is RoomStatus.ARCHIVED:
            raise RoomArchived

    def require_may_post(self, at: datetime) -> None:
        """Raises RoomArchived, Muted."""
        self.require_open()
        if self.member.muted(at):
            until = self.member.muted_until
            raise Muted(details={"until": until.isoformat() if until else ""})


def standing(db: Database, room_id: str, uid: str, also: Sequence[str] = ()) -> Standing:
    """The room, the membership of `uid`, and the documents `also` (paths), in one call. Raises
    RoomNotFound for everybody who is not in the room now."""
    logs.bind(roomId=room_id)
    paths = [room_path(room_id), member_path(room_id, uid), *also]
    found = dict(zip(paths, db.get_all(paths), strict=True))
    room, membership = found[paths[0]], found[paths[1]]
    member(membership, uid, RoomNotFound)
    if not room.exists:  # being deleted
        raise RoomNotFound
    return Standing(Room.of(room), Member.of(membership), found)


def cleared(room: Room, message: Message) -> bool:
    """Whether a message is being deleted with the history of its room."""
    return room.cleared_before is not None and message.created_at <= room.cleared_before


def there(document: Document, room: Room | None = None) -> Message:
    """The message of a document. Raises MessageNotFound, also for one that was deleted, or, with
    the `room`, that is being deleted with its history."""
    message = Message.of(document) if document.exists else None
    if message is None or message.deleted_at is not None:
        raise MessageNotFound
    if room is not None and cleared(room, message):
        raise MessageNotFound
    return message


def settled(document: Document, room: Room) -> Message:
    """As `there`. Raises CaptionNotFinal, too: what may change within seconds is neither translated
    nor spoken."""
    message = there(document, room)
    if message.is_interim:
        raise CaptionNotFinal
    return message
