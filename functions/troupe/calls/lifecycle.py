"""Takes a deleted user out of calls, and exports what calls have of any user."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from troupe.adapters.firestore import Database, Delete, Document, Update, contend
from troupe.calls.attendance import Attendance
from troupe.calls.endings import finish
from troupe.calls.providers.choice import CallProviders
from troupe.calls.records import ACCESS, COLLECTION, PARTICIPANTS, Invitee
from troupe.calls.states import Action
from troupe.calls.tabs import USES, tab_key
from troupe.calls.writes import accesses_path, call_path, participants_path
from troupe.exported import Exported
from troupe.tabs.records import account_path

# The rest of a call is the company's: whom it invited, and what it notes.
_EXPORTED = ("title", "number", "status", "scheduledAt", "startedAt", "endedAt", "hostName")
_NAMELESS = {"hostUid": "", "hostName": "", "hostPicture": ""}


def erase(uid: str, limit: int, *, database: Database, call_providers: CallProviders) -> int:
    """Ends up to `limit` presences, and removes the name of the user from as many calls; returns
    how many. The company keeps its calls, and others their places in them."""
    mine = [("uid", "==", uid)]
    accesses = database.find(ACCESS, where=mine, limit=limit, group=True)
    for document in accesses:
        contend(partial(_leave, database, call_providers, uid, document))
    hosted = database.find(COLLECTION, where=[("hostUid", "==", uid)], limit=limit, select=[])
    for document in hosted:
        contend(partial(_unhost, database, call_providers, document.id))
    invited = database.find(
        COLLECTION, where=[("inviteeUids", "array_contains", uid)], limit=limit, select=[]
    )
    for document in invited:
        contend(partial(_uninvite, database, uid, document.id))
    created = database.find(COLLECTION, where=[("creatorUid", "==", uid)], limit=limit, select=[])
    for document in created:
        database.commit(Update(document.path, {"creatorUid": ""}))
    return len(accesses) + len(hosted) + len(invited) + len(created)


def _leave(database: Database, providers: CallProviders, uid: str, access: Document) -> None:
    call_id = access.path.split("/")[1]
    here = Attendance(database, call_id, [uid])
    if here.document.exists:
        before, mine = here.call, [each for each in here.present if each.uid == uid]
        here.take_out(mine, "left")
        if before.guest_name == access.data.get("name"):
            here.rename_guest("")
        if here.call != before:
            here.commit()
            providers.told(here)
    found = database.find(participants_path(call_id), where=[("uid", "==", uid)], limit=100)
    database.commit_or_stale(
        *(Update(each.path, {"name": "", "uid": ""}, seen=each) for each in found),
        Delete(f"{accesses_path(call_id)}/{uid}"),
    )


def _unhost(database: Database, providers: CallProviders, call_id: str) -> None:
    """A call without its host does not go on, nor will it take place."""
    here = Attendance(database, call_id)
    if not here.document.exists:
        return
    if not here.call.is_over:
        before = here.call
        finish(database, here, Action.END if before.is_live else Action.CANCEL, "cancelled")
        here.commit()
        providers.told(here)
        here = Attendance(database, call_id)
    accounts = [account_path(call_path(call_id), tab_key(here.call, use)) for use in USES]
    database.commit_or_stale(
        Update(call_path(call_id), _NAMELESS, seen=here.document), *map(Delete, accounts)
    )


def _uninvite(database: Database, uid: str, call_id: str) -> None:
    here = Attendance(database, call_id)
    if not here.document.exists:
        return
    invitees = here.call.invitees
    if here.call.guest_name in {each.name for each in invitees if each.uid == uid}:
        here.rename_guest("")
    here.change(invitees=[_nameless(each) if each.uid == uid else each for each in invitees])
    here.commit()


def _nameless(invitee: Invitee) -> Invitee:
    return Invitee(id=invitee.id, state=invitee.state)


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    """The calls that the user hosts, and their part in those of others."""
    yield from database.walk(COLLECTION, where=[("hostUid", "==", uid)], select=_EXPORTED)
    yield from database.walk(ACCESS, where=[("uid", "==", uid)], group=True)
    yield from database.walk(PARTICIPANTS, where=[("uid", "==", uid)], group=True)
