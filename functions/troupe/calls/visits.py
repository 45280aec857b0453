"""Who has been in a call: they may say something about it afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta

from troupe.adapters.firestore import Database, Document
from troupe.caller import Caller
from troupe.calls.records import Access, Call
from troupe.calls.writes import participant_path

GUESTS_HAVE = timedelta(hours=24)  # after the end of the call


def was_in(db: Database, access: Document) -> bool:
    """Whether somebody has been in the call of this access, and not only in its lobby."""
    if not access.exists:
        return False
    entry = Access.of(access)
    if entry.is_in:
        return True
    tabs = [participant_path(entry.call_id, each) for each in entry.participant_ids]
    return any(tab.data.get("enteredAt") for tab in db.get_all(tabs, select=["enteredAt"]))


def is_late(caller: Caller, call: Call, at: datetime) -> bool:
    """Whether a guest comes too long after the end of the call."""
    return caller.guest and call.ended_at is not None and at > call.ended_at + GUESTS_HAVE
