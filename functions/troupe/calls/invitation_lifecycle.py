"""Erases invitations with their call and with accounts, and exports a user's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from troupe.adapters.firestore import COMMIT_WRITES, Database, Delete, Update, Write
from troupe.calls.invitation_records import AFTER_CALLS, INVITATIONS
from troupe.exported import Exported

# What is to be sent has the link with the token.
_HIDDEN = ("text", "subject", "requestHash", "sender", "sentAs")


def erase_of_call(database: Database, call_id: str) -> int:
    """Deletes what was sent about a call, with all numbers and addresses; returns how many."""
    deleted = 0
    while True:
        where = [("callId", "==", call_id)]
        found = database.find(INVITATIONS, where=where, limit=COMMIT_WRITES, select=[])
        database.delete_all([each.path for each in found])
        deleted += len(found)
        if len(found) < COMMIT_WRITES:
            database.commit(Delete(f"{AFTER_CALLS}/{call_id}"))
            return deleted


def erase(uid: str, limit: int, *, database: Database) -> int:
    """Deletes up to `limit` invitations of a user who leaves. Those that the user made belong to
    the company, and forget who made them."""
    mine = database.find(INVITATIONS, where=[("uid", "==", uid)], limit=limit, select=[])
    made = database.find(INVITATIONS, where=[("invitedBy", "==", uid)], limit=limit, select=[])
    theirs = {each.path for each in mine}
    writes: list[Write] = [Delete(path) for path in theirs]
    writes += [Update(each.path, {"invitedBy": ""}) for each in made if each.path not in theirs]
    for start in range(0, len(writes), COMMIT_WRITES):
        database.commit(*writes[start : start + COMMIT_WRITES])
    return len(writes)


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    """The invitations that the user got as a colleague."""
    for document in database.walk(INVITATIONS, where=[("uid", "==", uid)]):
        shown = {name: value for name, value in document.data.items() if name not in _HIDDEN}
        yield replace(document, data=shown)
