"""Who is in a room: join, leave, list, change, remove.

Every commit that changes a membership names the version of the room that it read, so that they take
effect one after the other: the counters are right, and nobody acts on a right that they have just
lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from troupe import logs
from troupe.access import keeper
from troupe.accounts.records import AccountCaller, UserRecord
from troupe.accounts.writes import existing_user, user_path
from troupe.adapters.firestore import (
    Create,
    Database,
    Delete,
    Document,
    Increment,
    Merge,
    Update,
    Write,
    contend,
    now,
)
from troupe.caller import Caller, Device
from troupe.errors import InvalidInput, TooManyRequests
from troupe.logs import log
from troupe.paging import PageOf, PageRequest, ordered_page
from troupe.rate_limits import Limiter
from troupe.rooms import passwords
from troupe.rooms.errors import (
    Banned,
    GuestsNotAllowed,
    InvitationNotFound,
    NotYourVoice,
    OwnerMustHandOver,
    PasswordRequired,
    RoomFull,
    RoomMemberNotFound,
    RoomNotFound,
    RoomRoleRequired,
    WrongPassword,
)
from troupe.rooms.presence import absence
from troupe.rooms.records import (
    MEMBERS,
    Ban,
    Member,
    MemberState,
    Room,
    RoomInvitation,
    RoomKind,
    RoomStatus,
    Secret,
)
from troupe.rooms.service import check_rooms, language_of
from troupe.rooms.standing import Standing, standing
from troupe.rooms.writes import (
    ban_path,
    invitation_path,
    member_path,
    members_path,
    room_path,
    secret_path,
)

# What members set for themselves; the rest is for those who keep the room.
OWN = frozenset({"language", "second_language", "auto_speak", "voice_character_id"})


@dataclass(frozen=True, slots=True)
class Ticket:
    """What lets somebody into a room. `token`: of an invitation, or a code."""

    password: str | None = None
    token: str | None = None
    language: str | None = None
    second_language: str | None = None


class RoomMembers:
    def __init__(
        self, db: Database, limiter: Limiter, is_own_voice: Callable[[str, str], bool]
    ) -> None:
        """`is_own_voice`: whether a character is the user's own, and may be cloned."""
        self._db = db
        self._limiter = limiter
        self._is_own_voice = is_own_voice

    def join(
        self, caller: AccountCaller, room_id: str | None, ticket: Ticket, device: Device
    ) -> tuple[Room, Member]:
        """Makes the caller a member; a member stays what they are. `room_id`: None for the room of
        the invitation.

        Raises RoomNotFound, also for a private room without an invitation or a password,
        InvitationNotFound, PasswordRequired, WrongPassword, Banned, GuestsNotAllowed, RoomFull,
        TooManyRooms, TooManyRequests.
        """
        if room_id is None:
            room_id = self._room_of(ticket.token)
        checked: set[str] = set()
        return contend(
            lambda: self._join(caller, room_id, ticket, device, checked), on=room_path(room_id)
        )

    def _room_of(self, token: str | None) -> str:
        if token is None:
            raise InvitationNotFound
        document = self._db.get(invitation_path(token))
        if not document.exists:
            raise InvitationNotFound
        return RoomInvitation.of(document).room_id

    def _join(
        self,
        caller: AccountCaller,
        room_id: str,
        ticket: Ticket,
        device: Device,
        checked: set[str],
    ) -> tuple[Room, Member]:
        """`checked`: what earlier attempts have checked, because it takes time."""
        logs.bind(roomId=room_id)
        paths = [
            room_path(room_id),
            member_path(room_id, caller.uid),
            secret_path(room_id),
            ban_path(room_id, caller.uid),
        ]
        if ticket.token is not None:
            paths.append(invitation_path(ticket.token))
        document, membership, secret, ban, *invited = self._db.get_all(paths)
        if not document.exists:
            raise RoomNotFound
        room, at = Room.of(document), now()
        before = Member.of(membership) if membership.exists else None
        if before is not None and before.is_in:
            return room, before
        invitation = self._invitation(invited[0], room, caller, at) if invited else None
        closed = room.status is RoomStatus.ARCHIVED and invitation is None
        if room.kind is RoomKind.CALL or closed:
            raise RoomNotFound
        if ban.exists:
            raise Banned
        if caller.guest and not room.settings.guests:
            raise GuestsNotAllowed
        if room.is_private and invitation is None:
            self._check_password(caller.uid, room, secret, ticket.password, device, checked)
        if room.member_count >= room.settings.max_members:
            raise RoomFull(details={"maximum": room.settings.max_members})
        if MEMBERS not in checked:
            check_rooms(self._db, caller.uid)
            checked.add(MEMBERS)
        member = Member(
            id=caller.uid,
            uid=caller.uid,
            room_id=room_id,
            **_shown(caller.user),
            role=invitation.role if invitation else "member",
            language=ticket.language or language_of(caller.user),
            second_language=ticket.second_language,
            auto_speak=room.settings.auto_speak,
            voice_character_id=before.voice_character_id if before else None,
            muted_until=before.muted_until if before else None,
            joined_at=at,
        )
        writes: list[Write] = [put(membership, member)]
        if invitation is not None:
            writes.append(Update(invited[0].path, {"uses": Increment(1)}, seen=invited[0]))
        room = moved(room, None, member, at)
        self._db.commit_or_stale(Update(document.path, counted(room), seen=document), *writes)
        log.info("room_joined", roomId=room_id, guest=caller.guest)
        return room, member

    def leave(self, caller: Caller, room_id: str, transfer_to: str | None = None) -> None:
        """Ends the caller's membership. An owner hands the room over first. Raises RoomNotFound,
        OwnerMustHandOver, RoomMemberNotFound."""

        tried: list[datetime] = []

        def attempt() -> None:
            if tried and self._left(room_id, caller.uid) in tried:
                return  # our own commit, whose response was lost
            also = (
                [member_path(room_id, transfer_to), user_path(transfer_to)] if transfer_to else []
            )
            here = standing(self._db, room_id, caller.uid, also)
            at, fields = now(), {}
            writes: list[Write] = []
            if here.member.role == "owner":
                heir, user = _heir(here, transfer_to)
                fields = handed_over(here.room, user)
                writes.append(_put(here, heir.model_copy(update={"role": "owner", "guest": False})))
            writes.append(_put(here, _gone(here.member, MemberState.LEFT, at)))
            tried.append(at)
            writes += absence(room_id, caller.uid)
            self._commit(here, here.member, None, at, writes, fields)

        contend(attempt)
        log.info("room_left", roomId=room_id)

    def page(
        self, caller: Caller, room_id: str, request: PageRequest
    ) -> tuple[list[Member], PageOf]:
        """Those who are in the room, in the order in which they came. Raises RoomNotFound."""
        standing(self._db, room_id, caller.uid)
        found = ordered_page(
            self._db,
            members_path(room_id),
            request,
            field="joinedAt",
            kind=datetime,
            descending=False,
            where=[("active", "==", True)],
        )
        return [Member.of(document) for document in found.documents], found

    def change(
        self, caller: AccountCaller, room_id: str, uid: str, changes: Mapping[str, Any]
    ) -> Member:
        """Changes the named fields of a member. Members set the fields in `OWN` for themselves,
        moderators mute, and the owner gives roles.

        Raises RoomNotFound, RoomMemberNotFound, RoomRoleRequired, NotYourVoice.
        """
        voice = changes.get("voice_character_id")
        if voice and not (uid == caller.uid and self._is_own_voice(uid, voice)):
            raise NotYourVoice

        def attempt() -> Member:
            here = standing(self._db, room_id, caller.uid, [member_path(room_id, uid)])
            before = _member(here, uid)
            _check_change(here, before, changes)
            own = _shown(caller.user) if uid == caller.uid else {}
            after = before.model_copy(update={**changes, **own})
            if after != before:
                self._commit(here, before, after, now(), [_put(here, after)])
            return after

        return contend(attempt)

    def remove(self, caller: Caller, room_id: str, uid: str, ban: bool | None = None) -> None:
        """Ends a membership. `ban`: True keeps the person out, False lets a banned one join again,
        None does neither. Raises RoomNotFound, RoomMemberNotFound, RoomRoleRequired, and
        OwnerMustHandOver for oneself."""

        tried: list[datetime] = []

        def attempt() -> None:
            if tried and self._left(room_id, uid) in tried:
                return  # our own commit, whose response was lost
            here = standing(self._db, room_id, caller.uid, [member_path(room_id, uid)])
            if uid != caller.uid:
                here.require_moderator()
            else:  # the same as leaving
                owns = here.member.role == "owner"
                keeper(here.member_document, uid, OwnerMustHandOver if owns else None)
            document = here.documents[member_path(room_id, uid)]
            if not document.exists:
                raise RoomMemberNotFound
            before, at = Member.of(document), now()
            _check_rank(here, before)
            writes: list[Write] = []
            if ban is not None and uid != caller.uid:
                path = ban_path(room_id, uid)
                writes = [Delete(path)]
                if ban:
                    writes = [Merge(path, Ban(by=caller.uid, at=at).stored())]
            if before.is_in and ban is not False:
                writes.append(_put(here, _gone(before, MemberState.REMOVED, at)))
                tried.append(at)
                writes += absence(room_id, uid)
                self._commit(here, before, None, at, writes)
            elif writes:
                self._db.commit_or_stale(_touch(here, at), *writes)

        contend(attempt)
        log.info("room_member_removed", roomId=room_id, banned=ban)

    def _check_password(
        self,
        uid: str,
        room: Room,
        secret: Document,
        password: str | None,
        device: Device,
        checked: set[str],
    ) -> None:
        """A missing password is no attempt: whoever opens the page has not entered one. `checked`:
        hashes that the password matches."""
        stored = Secret.of(secret).password_hash if secret.exists else None
        if stored is None:
            raise RoomNotFound
        if password is None:
            raise PasswordRequired
        if stored in checked:
            return
        status = self._limiter.count(
            "room_password", account=f"{uid} {room.id}", sources=device.sources, device=device
        )
        if status is not None and status.exceeded:
            raise TooManyRequests(retry_after=status.reset)
        if not passwords.matches(password, stored):
            raise WrongPassword
        self._limiter.forget(status)
        checked.add(stored)

    def _invitation(
        self, document: Document, room: Room, caller: AccountCaller, at: datetime
    ) -> RoomInvitation:
        """Raises InvitationNotFound, also if its maker may no longer make such a one."""
        invitation = _valid(document, room, caller, at)
        inviter = self._db.get(member_path(room.id, invitation.created_by))
        maker = Member.of(inviter) if inviter.exists else None
        if maker is None or not maker.is_in or not may_invite(maker, invitation.role, room):
            raise InvitationNotFound
        return invitation

    def _left(self, room_id: str, uid: str) -> datetime | None:
        """When somebody last left a room; None for a member."""
        left: datetime | None = self._db.get(member_path(room_id, uid)).data.get("leftAt")
        return left

    def _commit(
        self,
        here: Standing,
        before: Member | None,
        after: Member | None,
        at: datetime,
        writes: list[Write],
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        room = moved(here.room, before, after, at)
        changed = counted(room) | dict(fields or {})
        self._db.commit_or_stale(
            Update(here.room_document.path, changed, seen=here.room_document), *writes
        )


def may_invite(member: Member, role: str, room: Room) -> bool:
    """Whether a member may invite others for a role."""
    if role == "moderator":
        return member.role == "owner"
    return member.moderates or room.settings.member_invites


def may_own(user: UserRecord) -> bool:
    """Whether somebody can get a room."""
    return not user.guest and not user.suspended


def handed_over(room: Room, heir: UserRecord) -> dict[str, Any]:
    """The fields of a room with another owner, who has not agreed to pay for it: nobody pays until
    they do. The room leaves a company that they are not in."""
    fields: dict[str, Any] = {"ownerUid": heir.id, "settings.payer": "none", "paused": None}
    if room.company_id is not None and room.company_id not in heir.roles:
        fields["companyId"] = None
    return fields


def moved(room: Room, before: Member | None, after: Member | None, at: datetime) -> Room:
    """The room with its counters after a member has come, changed or gone."""
    languages, spoken = Counter(room.languages), Counter(room.spoken)
    for member, step in ((before, -1), (after, 1)):
        for code in member.reads if member else ():
            languages[code] += step
        if member and member.auto_speak:
            spoken[member.language] += step
    step = (after is not None) - (before is not None)
    return room.model_copy(
        update={
            "member_count": room.member_count + step,
            "languages": {code: n for code, n in languages.items() if n > 0},
            "spoken": {code: n for code, n in spoken.items() if n > 0},
            "updated_at": at,
        }
    )


def counted(room: Room) -> dict[str, Any]:
    """The fields of a room that follow its members."""
    return {
        "memberCount": room.member_count,
        "languages": room.languages,
        "spoken": room.spoken,
        "updatedAt": room.updated_at,
    }


def put(document: Document, member: Member) -> Write:
    """Writes a membership, as read before."""
    if document.exists:
        return Update(document.path, member.stored(), seen=document)
    return Create(document.path, member.stored())


def _put(here: Standing, member: Member) -> Write:
    return put(here.documents[member_path(here.room.id, member.uid)], member)


def _touch(here: Standing, at: datetime) -> Write:
    return Update(here.room_document.path, {"updatedAt": at}, seen=here.room_document)


def _shown(user: UserRecord) -> dict[str, Any]:
    """What a membership shows of an account, as it is now."""
    picture = user.profile_picture
    return {"name": user.public_name, "avatar_url": picture, "guest": user.guest}


def _gone(member: Member, state: MemberState, at: datetime) -> Member:
    return member.model_copy(update={"state": state, "left_at": at, "role": "member"})


def _valid(document: Document, room: Room, caller: AccountCaller, at: datetime) -> RoomInvitation:
    """Raises InvitationNotFound."""
    if not document.exists:
        raise InvitationNotFound
    invitation = RoomInvitation.of(document)
    address = caller.user.email if caller.user.email_verified else None
    mine = invitation.email in (None, address)
    if invitation.room_id != room.id or not mine or not invitation.is_valid(at):
        raise InvitationNotFound
    return invitation


def _member(here: Standing, uid: str) -> Member:
    """Raises RoomMemberNotFound."""
    document = here.documents[member_path(here.room.id, uid)]
    member = Member.of(document) if document.exists else None
    if member is None or not member.is_in:
        raise RoomMemberNotFound
    return member


def _heir(here: Standing, uid: str | None) -> tuple[Member, UserRecord]:
    """Raises OwnerMustHandOver, RoomMemberNotFound."""
    if uid is None or uid == here.member.uid:
        raise OwnerMustHandOver
    heir, user = _member(here, uid), existing_user(here.documents[user_path(uid)])
    if user is None:
        raise RoomMemberNotFound
    if not may_own(user):
        message = (
            "A guest, or somebody whose account is suspended, cannot own a room. Transfer it to "
            "another member."
        )
        raise OwnerMustHandOver(message)
    return heir, user


def _check_change(here: Standing, member: Member, changes: Mapping[str, Any]) -> None:
    """Raises RoomRoleRequired, InvalidInput."""
    mine = member.uid == here.member.uid
    if OWN & changes.keys() and not mine:
        message = "Members set their languages and their voice themselves."
        raise RoomRoleRequired(message, details={"needed": "self"})
    if "role" in changes and changes["role"] != member.role:
        here.require_owner()
        if mine:
            message = "must not be your own; to transfer ownership, leave with `transferTo`"
            wrong = {"field": "role", "message": message, "type": "own_role"}
            raise InvalidInput(f"role: {message}", details={"fields": [wrong]})
    if "muted_until" in changes:
        if mine:
            here.require_owner()
        here.require_moderator()
        _check_rank(here, member)


def _check_rank(here: Standing, member: Member) -> None:
    """Moderators have no power over each other. Raises RoomRoleRequired."""
    if member.uid != here.member.uid and member.moderates:
        here.require_owner()
