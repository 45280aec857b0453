"""A user's notifications: listed, read, deleted; and what they want to be told, and where."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from troupe.access import owned
from troupe.adapters.firestore import (
    COMMIT_WRITES,
    Database,
    Delete,
    Document,
    Increment,
    Merge,
    Missing,
    Stale,
    Update,
    Write,
    contend,
    now,
)
from troupe.notifications.errors import DeviceNotFound, NotificationNotFound
from troupe.notifications.records import (
    COLLECTION,
    DEVICES,
    MOST_DEVICES,
    PREFERENCES,
    Device,
    Inbox,
    Notification,
    NotificationType,
    Platform,
    Preference,
    device_path,
    inbox_path,
    notifications_path,
    preferences,
)
from troupe.paging import PageOf, PageRequest, newest_first


class Notifications:
    def __init__(self, db: Database) -> None:
        self._db = db

    def page(
        self,
        uid: str,
        request: PageRequest,
        *,
        unread: bool = False,
        type: NotificationType | None = None,
    ) -> tuple[list[Notification], PageOf]:
        """Newest first. Raises BadCursor, PageTooDeep."""
        where: list[tuple[str, str, object]] = [("readAt", "==", None)] if unread else []
        where += [("type", "==", type)] if type else []
        found = newest_first(
            self._db, notifications_path(uid), request, field="createdAt", where=where
        )
        return [Notification.of(document) for document in found.documents], found

    def unread(self, uid: str) -> int:
        """How many are unread; one read."""
        return Inbox.of(self._db.get(inbox_path(uid))).unread

    def read(self, uid: str, notification_id: str) -> Notification:
        """Marks a notification as read. Raises NotificationNotFound."""

        def attempt() -> Notification:
            document = self._one(uid, notification_id)
            notification = Notification.of(document)
            if notification.read_at is not None:
                return notification
            at = now()
            self._take([Update(document.path, {"readAt": at}, seen=document)], uid, unread=1)
            return notification.model_copy(update={"read_at": at})

        return contend(attempt)

    def read_all(self, uid: str, before: datetime | None = None) -> int:
        """Marks all that were unread at `before` (None: now) as read; returns how many. In bounded
        commits."""
        at, total = now(), 0
        before = min(before or at, at)

        def some() -> int:
            found = self._db.find(
                notifications_path(uid),
                where=[("readAt", "==", None), ("createdAt", "<=", before)],
                order=[("createdAt", True)],
                limit=COMMIT_WRITES - 1,
                select=[],
            )
            marked: list[Write] = [Update(each.path, {"readAt": at}, seen=each) for each in found]
            self._take(marked, uid, unread=len(found))
            return len(found)

        while count := contend(some):
            total += count
        return total

    def delete(self, uid: str, notification_id: str) -> None:
        """Raises NotificationNotFound."""

        def attempt() -> None:
            document = self._one(uid, notification_id)
            unread = int(document.data.get("readAt") is None)
            self._take([Delete(document.path, seen=document)], uid, unread=unread)

        contend(attempt)

    def set_preferences(
        self, uid: str, changes: Mapping[NotificationType, Preference]
    ) -> dict[NotificationType, Preference]:
        """Changes the named types only; returns all."""
        path = f"users/{uid}"
        fields = {f"{PREFERENCES}.{type}": each.stored() for type, each in changes.items()}
        if fields:
            self._db.commit(Update(path, fields))
        return preferences(self._db.get(path).data)

    def preferences(self, uid: str) -> dict[NotificationType, Preference]:
        return preferences(self._db.get(f"users/{uid}").data)

    def add_device(self, uid: str, token: str, platform: Platform, language: str | None) -> Device:
        """Registers a device. A token that another user had registered is theirs no longer: the
        device shows one user's notifications. The oldest devices above the limit are forgotten."""
        device = Device(
            id=hashlib.sha256(token.encode()).hexdigest()[:32],
            uid=uid,
            token=token,
            platform=platform,
            language=language,
            created_at=now(),
        )
        self._db.commit(Merge(device_path(device.id), device.stored()))
        mine = self._db.find(
            DEVICES,
            where=[("uid", "==", uid)],
            order=[("createdAt", True)],
            limit=2 * MOST_DEVICES,
            select=[],
        )
        self._db.delete_all([each.path for each in mine[MOST_DEVICES:]])
        return device

    def remove_device(self, uid: str, device_id: str) -> None:
        """Raises DeviceNotFound."""
        document = owned(self._db.get(device_path(device_id)), uid, DeviceNotFound)
        self._db.commit(Delete(document.path))

    def expire(self, limit: int) -> int:
        """Deletes up to `limit` old notifications; returns how many."""
        old = self._db.due(COLLECTION, limit, field="expiresAt", select=["readAt"], group=True)
        for document in old:
            unread = int(document.data.get("readAt") is None)
            uid = document.path.split("/")[1]
            try:
                self._take([Delete(document.path, seen=document)], uid, unread=unread)
            except Stale:
                continue  # it was read meanwhile: the next sweep looks again
        return len(old)

    def _one(self, uid: str, notification_id: str) -> Document:
        document = self._db.get(f"{notifications_path(uid)}/{notification_id}")
        if not document.exists:
            raise NotificationNotFound
        return document

    def _take(self, writes: Sequence[Write], uid: str, *, unread: int) -> None:
        """Commits changes of notifications that take `unread` from the count. Raises Stale."""
        if not writes:
            return
        counted = [Update(inbox_path(uid), {"unread": Increment(-unread)})] if unread else []
        try:
            self._db.commit(*writes, *counted)
        except Missing:
            raise Stale from None  # deleted meanwhile: read again
