"""What the people of a company are told about its calls, for the commits that cause it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from troupe.accounts.writes import existing_user, user_path
from troupe.adapters.firestore import Document, Write
from troupe.calls.records import Call
from troupe.notifications.records import NotificationType, muted
from troupe.notifications.writes import notice_writes


def missed_readers(call: Call) -> list[str]:
    """The documents of those who are told that a call was missed: the host, and colleagues who were
    invited."""
    uids = [call.host_uid, *(each.uid for each in call.invitees if each.uid)]
    return [user_path(uid) for uid in dict.fromkeys(uids)]


def missed_writes(
    call: Call, company: str, readers: Iterable[Document], at: datetime
) -> list[Write]:
    """Tells them once. `company`: its name; `readers`: the documents of `missed_readers`."""
    return _told(NotificationType.CALL_MISSED, call.id, call, company, readers, at)


def recording_writes(
    call: Call, recording_id: str, company: str, readers: Iterable[Document], at: datetime
) -> list[Write]:
    """Tells that a recording of a call is ready, once for each recording."""
    type = NotificationType.CALL_RECORDING_READY
    return _told(type, recording_id, call, company, readers, at)


def _told(
    type: NotificationType,
    cause: str,
    call: Call,
    company: str,
    readers: Iterable[Document],
    at: datetime,
) -> list[Write]:
    writes: list[Write] = []
    for document in readers:
        user = existing_user(document)
        if user is None:
            continue
        # The title is the host's own words, and hosts can name any user id among the invitees.
        if user.id != call.host_uid and call.company_id not in user.roles:
            continue
        writes += notice_writes(
            document.id,
            type,
            f"{type}-{cause}",
            at,
            muted=muted(document.data),
            params={"title": call.title, "company": company},
            link=f"/api/videocalls/{call.id}",
            company_id=call.company_id,
        )
    return writes
