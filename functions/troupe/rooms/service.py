"""Rooms: create, show, list, change, delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from troupe.access import member_of
from troupe.accounts.records import AccountCaller, UserRecord
from troupe.adapters.firestore import (
    COMMIT_WRITES,
    AlreadyExists,
    Create,
    Database,
    Delete,
    Document,
    Merge,
    Update,
    Write,
    contend,
    now,
)
from troupe.caller import Caller
from troupe.errors import CompanyNotFound, GuestNotAllowed
from troupe.idempotency import KeyReused, keyed_id, request_hash
from troupe.logs import log
from troupe.moderation.service import Moderation
from troupe.orphans import OrphanedFiles, OrphanRecord, orphan_record
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.rooms import passwords
from troupe.rooms.errors import (
    CompanyNeeded,
    PasswordNeedsPrivate,
    RoomNotFound,
    TooManyRooms,
)
from troupe.rooms.records import (
    COLLECTION,
    GLOSSARY,
    MEMBERS,
    MESSAGES,
    MOST_ROOMS,
    READS,
    Announcement,
    Member,
    Room,
    RoomKind,
    RoomSettings,
    RoomStatus,
    Secret,
)
from troupe.rooms.standing import standing
from troupe.rooms.writes import (
    INVITATIONS,
    beats_path,
    files_prefix,
    member_path,
    members_path,
    room_path,
    secret_path,
)
from troupe.tabs.records import COLLECTION as TABS
from troupe.text import search_key

_LANGUAGE = "en"
_PARTS = (
    MESSAGES,
    READS,
    GLOSSARY,
    TABS,
    "bans",
    "state",
)  # of a room: collections that go with it
Sort = Literal["active", "new"]
_SORTS: dict[Sort, str] = {"active": "activeAt", "new": "createdAt"}


@dataclass(frozen=True, slots=True)
class RoomRequest:
    """A room as it is asked for. `settings`: the given fields of RoomSettings."""

    name: str
    is_private: bool = False
    password: str | None = None
    topic: str = ""
    language: str | None = None
    second_language: str | None = None
    company_id: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shown:
    """A room as one user sees it. `member`: None for those who are not in it."""

    room: Room
    member: Member | None


@dataclass(frozen=True, slots=True)
class RoomChange:
    """`fields`: the changed fields of Room, `settings` those of RoomSettings. `password`: None
    leaves it, "" removes it. `announcement`: None leaves it, "" removes it."""

    fields: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    is_private: bool | None = None
    password: str | None = None
    announcement: str | None = None

    @property
    def needs_owner(self) -> bool:
        asks = self.is_private is not None or self.password is not None or bool(self.settings)
        return asks or "status" in self.fields


_KEYS: dict[Sort, Callable[[Shown], datetime]] = {
    "active": lambda shown: shown.room.active_at,
    "new": lambda shown: shown.room.created_at,
}


class RoomService:
    def __init__(self, db: Database, orphans: OrphanedFiles, moderation: Moderation) -> None:
        self._db = db
        self._orphans = orphans
        self._moderation = moderation

    def create(self, caller: AccountCaller, request: RoomRequest, key: str | None = None) -> Shown:
        """Creates a room that the caller owns. `key`: repeats with the same one create one room.

        Raises GuestNotAllowed, PasswordNeedsPrivate, CompanyNeeded, CompanyNotFound, TooManyRooms,
        KeyReused, ContentRefused, ModerationUnavailable.
        """
        if caller.guest:
            raise GuestNotAllowed
        room_id, asked = keyed_id(caller.uid, key), _identified(request) if key else None
        if key is not None and (earlier := self._earlier(caller.uid, room_id, asked)):
            return earlier
        check_rooms(self._db, caller.uid)
        settings = RoomSettings.model_validate(request.settings)
        _check(caller, request, settings)
        self._moderation.check(caller.uid, request.name, request.topic)
        at = now()
        member = Member(
            id=caller.uid,
            uid=caller.uid,
            room_id=room_id,
            name=caller.user.public_name,
            avatar_url=caller.user.profile_picture,
            role="owner",
            language=request.language or language_of(caller.user),
            second_language=request.second_language,
            auto_speak=settings.auto_speak,
            joined_at=at,
        )
        room = Room(
            id=room_id,
            name=request.name,
            kind=RoomKind.PRIVATE if request.is_private else RoomKind.PUBLIC,
            topic=request.topic,
            owner_uid=caller.uid,
            language=member.language,
            company_id=request.company_id,
            has_password=request.password is not None,
            languages=dict.fromkeys(member.reads, 1),
            spoken={member.language: 1} if member.auto_speak else {},
            settings=settings,
            created_by=asked,
            active_at=at,
            created_at=at,
            updated_at=at,
        )
        writes: list[Write] = [
            Create(room_path(room_id), room.stored()),
            Create(member_path(room_id, caller.uid), member.stored()),
        ]
        if request.password is not None:
            secret = Secret(password_hash=passwords.hashed(request.password))
            writes.append(Create(secret_path(room_id), secret.stored()))
        try:
            self._db.commit(*writes)
        except AlreadyExists:  # our own commit, whose response was lost, or that of the same key
            return self._earlier(caller.uid, room_id, asked) or Shown(room, member)
        return Shown(room, member)

    def get(self, caller: Caller, room_id: str) -> Shown:
        """A room for its members, and a public one for everybody. Raises RoomNotFound."""
        document, membership = self._db.get_all(
            [room_path(room_id), member_path(room_id, caller.uid)]
        )
        if not document.exists:
            raise RoomNotFound
        room = Room.of(document)
        member = Member.of(membership) if membership.exists else None
        if member is not None and member.is_in:
            return Shown(room, member)
        if room.kind is not RoomKind.PUBLIC or room.status is not RoomStatus.OPEN:
            raise RoomNotFound
        return Shown(room, None)

    def page(
        self,
        request: PageRequest,
        *,
        search: str = "",
        language: str | None = None,
        sort: Sort = "active",
    ) -> tuple[list[Room], PageOf]:
        """The public rooms that are open. `search`: the beginning of a word of the name."""
        where: list[tuple[str, str, Any]] = [
            ("kind", "==", RoomKind.PUBLIC),
            ("status", "==", RoomStatus.OPEN),
        ]
        if language:
            where.append(("language", "==", language))
        if search:
            where.append(("starts", "array_contains", search_key(search)))
        found = newest_first(self._db, COLLECTION, request, field=_SORTS[sort], where=where)
        return [Room.of(document) for document in found.documents], found

    def mine(
        self, uid: str, request: PageRequest, *, search: str = "", sort: Sort = "active"
    ) -> tuple[list[Shown], int]:
        """The rooms that a user is in, and how many there are. At most 200, so two calls read them
        all."""
        where = [("uid", "==", uid), ("active", "==", True)]
        found = self._db.find(MEMBERS, where=where, limit=MOST_ROOMS, group=True)
        members = {each.room_id: each for each in map(Member.of, found)}
        documents = self._db.get_all([room_path(room_id) for room_id in members])
        shown = [
            Shown(Room.of(each), members[each.id])
            for each in documents
            if each.exists and (not search or search_key(search) in each.data["starts"])
        ]
        shown.sort(key=_KEYS[sort], reverse=True)
        start = (request.page - 1) * request.limit
        return shown[start : start + request.limit], len(shown)

    def update(self, caller: Caller, room_id: str, change: RoomChange) -> Shown:
        """Moderators change what the room says of itself; the owner also who gets in, the settings
        and the status. Raises RoomNotFound, RoomRoleRequired, PasswordNeedsPrivate, CompanyNeeded,
        ContentRefused, ModerationUnavailable."""
        here = standing(self._db, room_id, caller.uid)  # before moderation, which may cost money
        here.require_moderator()
        if change.settings.get("payer") == "company" and here.room.company_id is not None:
            member_of(here.room.company_id, caller, CompanyNotFound)
        words = change.announcement, change.fields.get("name"), change.fields.get("topic")
        self._moderation.check(caller.uid, *words)
        hashed = passwords.hashed(change.password) if change.password else None

        def attempt() -> Shown:
            here = standing(self._db, room_id, caller.uid)
            here.require_moderator()
            if change.needs_owner:
                here.require_owner()
            room, writes = _changed(here.room, change, hashed, caller.uid, now())
            self._db.commit_or_stale(
                Update(here.room_document.path, room.stored(), seen=here.room_document), *writes
            )
            return Shown(room, here.member)

        return contend(attempt)

    def delete(self, caller: Caller, room_id: str) -> None:
        """Deletes a room with all that was said in it. Only for its owner. Raises RoomNotFound,
        RoomRoleRequired."""
        records: list[OrphanRecord] = []

        def attempt() -> None:
            if records and self._db.get(records[0].path).exists:
                return  # our own commit, whose response was lost
            here = standing(self._db, room_id, caller.uid)
            here.require_owner()
            records[:], writes = deletion(here.room_document)
            self._db.commit_or_stale(*writes, *invitation_deletes(self._db, room_id))

        contend(attempt)
        for record in records:
            self._orphans.clean(record)
        log.info("room_deleted", roomId=room_id)

    def _earlier(self, uid: str, room_id: str, asked: str | None) -> Shown | None:
        """The room that an earlier request with the same key has created. Raises KeyReused."""
        document, membership = self._db.get_all([room_path(room_id), member_path(room_id, uid)])
        if not document.exists:
            return None
        room = Room.of(document)
        if room.created_by != asked or not membership.exists:
            raise KeyReused
        return Shown(room, Member.of(membership))


def deletion(document: Document) -> tuple[list[OrphanRecord], list[Write]]:
    """The writes that delete a room, as read, and the records that they leave of what it has.
    Memberships are deleted first, because access depends on them."""
    room_id = document.id
    collections = [members_path(room_id), *(f"{room_path(room_id)}/{each}" for each in _PARTS)]
    # Due at once, not after an hour: until its memberships are gone, the rules show what was said.
    at = now()
    records = [orphan_record([], collection=each, due_at=at) for each in collections]
    records.append(orphan_record([], prefix=files_prefix(room_id), due_at=at))
    writes: list[Write] = [
        Delete(document.path, seen=document),
        Delete(secret_path(room_id)),
        Delete(beats_path(room_id)),
    ]
    return records, [*writes, *(each.create_write() for each in records)]


def invitation_deletes(db: Database, room_id: str) -> list[Write]:
    """Deletes the invitations of a room, which may name addresses."""
    where = [("roomId", "==", room_id)]
    found = db.find(INVITATIONS, where=where, limit=COMMIT_WRITES // 2, select=[])
    return [Delete(each.path) for each in found]


def _changed(
    room: Room, change: RoomChange, hashed: str | None, uid: str, at: datetime
) -> tuple[Room, list[Write]]:
    """The room with a change, and the writes that it takes elsewhere. Raises PasswordNeedsPrivate,
    CompanyNeeded."""
    fields: dict[str, Any] = {**change.fields, "updated_at": at}
    private = room.is_private if change.is_private is None else change.is_private
    if change.is_private is not None and room.kind is not RoomKind.CALL:
        fields["kind"] = RoomKind.PRIVATE if private else RoomKind.PUBLIC
    writes: list[Write] = []
    if change.password and not private:
        raise PasswordNeedsPrivate
    if change.password:
        fields["has_password"] = True
        writes.append(Merge(secret_path(room.id), {"passwordHash": hashed}))
    elif room.has_password and (change.password == "" or not private):
        fields["has_password"] = False
        writes.append(Merge(secret_path(room.id), {"passwordHash": None}))
    if change.announcement is not None:
        said = Announcement(text=change.announcement, by=uid, at=at)
        fields["announcement"] = said if change.announcement else None
    fields["settings"] = room.settings.model_copy(update=change.settings)
    if fields["settings"].payer != room.settings.payer:
        fields["paused"] = None  # that was about the other payer
    after = room.model_copy(update=fields)
    if after.settings.payer == "company" and after.company_id is None:
        raise CompanyNeeded
    return after, writes


def check_rooms(db: Database, uid: str) -> None:
    """Raises TooManyRooms for somebody who is in as many as one can be."""
    mine = [("uid", "==", uid), ("active", "==", True)]
    if db.count(MEMBERS, where=mine, group=True) >= MOST_ROOMS:
        raise TooManyRooms


def language_of(user: UserRecord) -> str:
    """What somebody reads who has not said so."""
    return user.language or _LANGUAGE


def _check(caller: Caller, request: RoomRequest, settings: RoomSettings) -> None:
    """Raises PasswordNeedsPrivate, CompanyNeeded, CompanyNotFound."""
    if request.password is not None and not request.is_private:
        raise PasswordNeedsPrivate
    if request.company_id is not None:
        member_of(request.company_id, caller, CompanyNotFound)
    elif settings.payer == "company":
        raise CompanyNeeded


def _identified(request: RoomRequest) -> str:
    """Identifies a request that has an idempotency key. Without the password, of which nothing but
    a slow hash may be stored."""
    named = {
        "name": request.name,
        "isPrivate": request.is_private,
        "hasPassword": request.password is not None,
        "topic": request.topic,
        "language": request.language,
        "secondLanguage": request.second_language,
        "companyId": request.company_id,
        "settings": request.settings,
    }
    return request_hash("createRoom", named)
