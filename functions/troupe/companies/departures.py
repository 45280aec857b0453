"""Those who have just lost their company: they were removed or suspended, or have left.

The commit that ends the membership leaves a note, and whatever they still take part in in the name
of the company ends right after it. The sweep looks again once every request has ended that still
took them for a member, and deletes the note.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from troupe.adapters.firestore import Merge, Write
from troupe.records import Record

COLLECTION = "departures"
_LAST_REQUESTS = timedelta(minutes=2)  # a request takes a minute at most


class Departure(Record):
    """`departures/{companyId}-{uid}`."""

    id: str
    company_id: str
    uid: str
    due_at: datetime


def departure_path(company_id: str, uid: str) -> str:
    return f"{COLLECTION}/{company_id}-{uid}"


def departure_write(company_id: str, uid: str, at: datetime) -> Write:
    """For the commit that ends a membership."""
    due_at = at + _LAST_REQUESTS
    note = Departure(id=f"{company_id}-{uid}", company_id=company_id, uid=uid, due_at=due_at)
    return Merge(departure_path(company_id, uid), note.stored())
