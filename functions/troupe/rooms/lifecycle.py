"""Ends the memberships of a deleted user, empties their messages, and exports both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from troupe.accounts.records import UserRecord
from troupe.accounts.writes import existing_user, user_path
from troupe.adapters.firestore import (
    COMMIT_WRITES,
    Database,
    Delete,
    Document,
    Stale,
    Update,
    Write,
    contend,
    now,
)
from troupe.exported import Exported
from troupe.orphans import OrphanedFiles, OrphanRecord
from troupe.rooms.attachments import FILE_FIELDS, orphans_of, paths_of
from troupe.rooms.copies import forget_copies
from troupe.rooms.members import counted, handed_over, may_own, moved
from troupe.rooms.messages import emptied_fields
from troupe.rooms.presence import absence
from troupe.rooms.records import MEMBERS, MESSAGES, MOST_MEMBERS, Member, Room
from troupe.rooms.service import deletion, invitation_deletes
from troupe.rooms.tabs import tab_paths
from troupe.rooms.writes import INVITATIONS, ban_path, marker_path, members_path, room_path

_ACTIVE = [("active", "==", True)]


def erase(uid: str, limit: int, *, database: Database, orphans: OrphanedFiles) -> int:
    """Ends up to `limit` memberships; returns how many. A room that the user owns goes to the
    moderator who joined first, else to the member who did; without one it is deleted."""
    where = [("uid", "==", uid)]
    found = database.find(MEMBERS, where=where, limit=limit, group=True)
    for document in found:
        records: list[OrphanRecord] = []
        contend(partial(_end, database, uid, document.data["roomId"], records))
        for record in records:
            orphans.clean(record)
    made = [("createdBy", "==", uid)]
    invitations = database.find(INVITATIONS, where=made, limit=limit, select=[])
    database.delete_all([each.path for each in invitations])
    return len(found) + len(invitations)


def _end(database: Database, uid: str, room_id: str, records: list[OrphanRecord]) -> None:
    path = f"{members_path(room_id)}/{uid}"
    room, document = database.get_all([room_path(room_id), path])
    if not document.exists:
        return
    rest: list[Write] = [Delete(marker_path(room_id, uid)), Delete(ban_path(room_id, uid))]
    if not room.exists:  # being deleted, too
        database.commit_or_stale(Delete(path), *rest)
        return
    rest += absence(room_id, uid)
    member, before = Member.of(document), Room.of(room)
    # Their tabs are closed with their jobs.
    rest += [Delete(each) for each in tab_paths(before, uid)]
    after = moved(before, member, None, now()) if member.is_in else before
    fields = counted(after)
    if before.owner_uid == uid:
        heir = _heir(database, room_id, uid)
        if heir is None:
            records[:], writes = deletion(room)  # with everything that is in it
            database.commit_or_stale(*writes, *invitation_deletes(database, room_id))
            return
        membership, user = heir
        fields |= handed_over(before, user)
        rest.append(Update(membership.path, {"role": "owner", "guest": False}, seen=membership))
    database.commit_or_stale(
        Update(room.path, fields, seen=room), Delete(path, seen=document), *rest
    )


def _heir(database: Database, room_id: str, uid: str) -> tuple[Document, UserRecord] | None:
    """The membership and the account of whoever inherits a room. Accounts are read because a
    membership does not show that its guest has become an account."""
    found = database.find(members_path(room_id), where=_ACTIVE, limit=MOST_MEMBERS)
    others = {each.id: each for each in found if each.id != uid}
    users = map(existing_user, database.get_all([user_path(each) for each in others]))
    able = {user.id: user for user in users if user and may_own(user)}
    ranked = sorted(
        (each for each in others.values() if each.id in able),
        key=lambda each: (each.data["role"] != "moderator", each.data["joinedAt"]),
    )
    return (ranked[0], able[ranked[0].id]) if ranked else None


def erase_messages(uid: str, limit: int, *, database: Database, orphans: OrphanedFiles) -> int:
    """Empties up to `limit` messages of a user, whose places stay for the others, and deletes their
    files; returns how many were found."""
    where = [("uid", "==", uid)]
    found = database.find(MESSAGES, where=where, limit=limit, group=True, select=FILE_FIELDS)
    fields = emptied_fields("") | {"uid": "", "name": "", "clientId": "", "request": ""}
    for start in range(0, len(found), COMMIT_WRITES):
        part = found[start : start + COMMIT_WRITES]
        records = orphans_of(part)
        forget_copies(database, part)
        with suppress(Stale):  # one has got another file: they are found again
            database.commit_or_stale(
                *(Update(each.path, fields, seen=each) for each in part),
                *(each.create_write() for each in records),
            )
            for record in records:
                orphans.clean(record)
        forget_copies(database, part)
    return len(found)


def export_messages(uid: str, *, database: Database) -> Iterator[Exported]:
    """What the user has written in rooms, with sounds and pictures."""
    for document in database.walk(MESSAGES, where=[("uid", "==", uid)], group=True):
        yield document
        yield from paths_of(document)


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    """The memberships of the user, and the invitations that they have made."""
    yield from database.walk(MEMBERS, where=[("uid", "==", uid)], group=True)
    yield from database.walk(INVITATIONS, where=[("createdBy", "==", uid)])
