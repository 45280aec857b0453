"""The writes that notify a user, for the commit of what the notification is about."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from troupe.adapters.firestore import Create, Increment, Merge, Write
from troupe.notifications.records import (
    Notification,
    NotificationType,
    inbox_path,
    notifications_path,
)

KEPT = timedelta(days=90)


def notice_writes(
    uid: str,
    type: NotificationType,
    cause: str,
    at: datetime,
    *,
    muted: Collection[str],
    params: dict[str, str] | None = None,
    link: str = "",
    company_id: str | None = None,
    actor: str | None = None,
) -> list[Write]:
    """Notifies a user once per `cause`, which becomes the id of the notification: the commit raises
    AlreadyExists for a second one. Nothing is written for a type in `muted` (see
    `records.muted`)."""
    if type in muted:
        return []
    notification = Notification(
        id=cause,
        uid=uid,
        type=type,
        params=params or {},
        link=link,
        company_id=company_id,
        actor=actor,
        created_at=at,
        expires_at=at + KEPT,
    )
    return [
        Create(f"{notifications_path(uid)}/{cause}", notification.stored()),
        Merge(inbox_path(uid), {"uid": uid, "unread": Increment(1), "dueAt": at}),
    ]
