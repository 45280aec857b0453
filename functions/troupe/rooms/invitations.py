"""Invitations to rooms: links, and codes that are short enough to be read out."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from troupe.adapters.firestore import (
    Create,
    Database,
    Delete,
    Document,
    Update,
    Write,
    contend,
    now,
)
from troupe.caller import Caller
from troupe.codes import clean_code, is_code, new_code
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.rooms.errors import InvitationNotFound, InvitesNotAllowed, RoomNotFound
from troupe.rooms.members import may_invite
from troupe.rooms.records import Room, RoomInvitation, RoomKind, RoomStatus, Secret
from troupe.rooms.standing import standing
from troupe.rooms.writes import (
    INVITATIONS,
    invitation_id_of,
    invitation_path,
    invitation_path_of,
    room_path,
    secret_path,
)

Kind = Literal["link", "code"]
GivenRole = Literal["moderator", "member"]
_CODE_LENGTH = 8
_DEFAULT = {"link": timedelta(days=7), "code": timedelta(hours=1)}
LONGEST = {"link": timedelta(days=30), "code": timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """An invitation as it is asked for. `lifetime`: None for the default of its kind, and no longer
    than `LONGEST`. `email`: the one address that it is for."""

    kind: Kind = "link"
    role: GivenRole = "member"
    max_uses: int | None = None
    lifetime: timedelta | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Invited:
    """`token`: or code, which is shown this once."""

    invitation: RoomInvitation
    token: str


class RoomInvitations:
    def __init__(self, db: Database) -> None:
        self._db = db

    def invite(self, caller: Caller, room_id: str, wanted: Wanted) -> Invited:
        """A new code replaces the previous one. Only the owner invites moderators, each with an
        invitation of their own. Raises RoomNotFound, InvitesNotAllowed, RoomRoleRequired."""
        token = (
            new_code(_CODE_LENGTH) if wanted.kind == "code" else f"rm_{secrets.token_urlsafe(16)}"
        )

        def attempt() -> RoomInvitation:
            also = [secret_path(room_id), invitation_path(token)]
            here = standing(self._db, room_id, caller.uid, also)
            if here.documents[also[1]].exists:  # our own commit, whose response was lost
                return RoomInvitation.of(here.documents[also[1]])
            if wanted.role == "moderator":
                here.require_owner()
            elif not may_invite(here.member, wanted.role, here.room):
                raise InvitesNotAllowed
            at = now()
            lifetime = min(wanted.lifetime or _DEFAULT[wanted.kind], LONGEST[wanted.kind])
            invitation = RoomInvitation(
                id=invitation_id_of(token),
                room_id=room_id,
                kind=wanted.kind,
                role=wanted.role,
                max_uses=1 if wanted.role == "moderator" else wanted.max_uses,
                email=wanted.email,
                created_by=caller.uid,
                created_at=at,
                expires_at=at + lifetime,
            )
            writes: list[Write] = [Create(invitation_path(token), invitation.stored())]
            if wanted.kind == "code":
                writes += _replaced(here.documents[also[0]], invitation)
            self._db.commit_or_stale(*writes)
            return invitation

        return Invited(contend(attempt), token)

    def page(
        self, caller: Caller, room_id: str, request: PageRequest
    ) -> tuple[list[RoomInvitation], PageOf]:
        """Newest first, for those who keep the room. Raises RoomNotFound, RoomRoleRequired."""
        standing(self._db, room_id, caller.uid).require_moderator()
        found = newest_first(
            self._db, INVITATIONS, request, field="createdAt", where=[("roomId", "==", room_id)]
        )
        return [RoomInvitation.of(document) for document in found.documents], found

    def revoke(self, caller: Caller, room_id: str, invitation_id: str) -> None:
        """Raises RoomNotFound, RoomRoleRequired, InvitationNotFound."""
        path = invitation_path_of(invitation_id)
        here = standing(self._db, room_id, caller.uid, [path])
        here.require_moderator()
        document = here.documents[path]
        if not document.exists or document.data["roomId"] != room_id:
            raise InvitationNotFound
        self._db.commit(Delete(path))

    def look(self, token: str | None, room_id: str | None) -> Room:
        """What an invitation, a code or the id of a public room leads to. Raises RoomNotFound,
        InvitationNotFound."""
        if token is not None:
            document = self._db.get(invitation_path(token))
            invitation = RoomInvitation.of(document) if document.exists else None
            if invitation is None or not invitation.is_valid(now()):
                raise InvitationNotFound
            found = self._db.get(room_path(invitation.room_id))
            if not found.exists:
                raise InvitationNotFound
            return Room.of(found)
        found = self._db.get(room_path(room_id or ""))
        room = Room.of(found) if found.exists else None
        if room is None or room.kind is not RoomKind.PUBLIC or room.status is not RoomStatus.OPEN:
            raise RoomNotFound
        return room

    def expire(self, limit: int) -> int:
        """Deletes invitations whose time has passed; returns how many."""
        old = self._db.due(INVITATIONS, limit, field="expiresAt", select=[])
        self._db.delete_all([document.path for document in old])
        return len(old)


def as_token(text: str) -> str:
    """A token, or a code as people type it: in any case, with hyphens, and letters that look like
    its digits."""
    text = text.strip()
    code = clean_code(text)
    return code if is_code(code, _CODE_LENGTH) else text


def _replaced(secret: Document, invitation: RoomInvitation) -> list[Write]:
    """The writes that make an invitation the only code of its room."""
    old = Secret.of(secret).code_id if secret.exists else None
    kept: Write = Create(secret.path, Secret(code_id=invitation.id).stored())
    if secret.exists:
        kept = Update(secret.path, {"codeId": invitation.id}, seen=secret)
    return [kept, Delete(invitation_path_of(old))] if old else [kept]
