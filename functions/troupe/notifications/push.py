"""Push messages: the sweep sends what waits in the inboxes to the users' devices.

A message may be sent twice, if the sweep dies before it has recorded it. Both have the
notification's id as their tag, so a device shows one.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Protocol

from troupe.adapters.firestore import Database, Document, Stale, Update, now
from troupe.adapters.push import Message
from troupe.logs import log
from troupe.notifications.records import (
    DEVICES,
    INBOXES,
    MOST_DEVICES,
    Device,
    Inbox,
    Notification,
    notifications_path,
    preferences,
)
from troupe.notifications.wording import rendered

_AT_ONCE = 10  # notifications of a user; older ones are seen in the app
# A notification is stamped before its commit, which may come after a push.
_COMMIT = timedelta(minutes=1)
_REMEMBERED = 50
_RETRY_AFTER = timedelta(minutes=5)
_LATEST = timedelta(days=1)  # older notifications are not pushed


class Push(Protocol):
    def send(self, messages: list[Message]) -> set[str]:
        """Sends the messages; returns the tokens that are no longer valid. Raises Unavailable if
        none could be sent."""
        ...


class Pushes:
    def __init__(self, db: Database, push: Push | None) -> None:
        """`push`: None if messages are not sent; then devices are only kept."""
        self._db = db
        self._push = push

    def send_due(self, limit: int) -> int:
        """Sends what waits in up to `limit` inboxes; returns in how many it looked."""
        if self._push is None:
            return 0
        due = self._db.due(INBOXES, limit)
        for document in due:
            try:
                self._send(self._push, document)
            except Exception as error:  # one inbox must not block the others, now or next time
                log.error("push_stumbled", error, uid=document.id)
                with suppress(Exception):
                    self._db.commit(Update(document.path, {"dueAt": now() + _RETRY_AFTER}))
        return len(due)

    def _send(self, push: Push, document: Document) -> None:
        inbox, at = Inbox.of(document), now()
        pushed = inbox.pushed
        user = self._db.get(f"users/{inbox.id}")
        devices = self._db.find(DEVICES, where=[("uid", "==", inbox.id)], limit=MOST_DEVICES)
        if user.exists and devices:
            last = inbox.pushed_at and inbox.pushed_at - _COMMIT
            since = max(filter(None, [last, at - _LATEST]))
            found = self._db.find(
                notifications_path(inbox.id),
                where=[("readAt", "==", None), ("createdAt", ">", since)],
                order=[("createdAt", True)],
                limit=_AT_ONCE,
            )
            found = [each for each in found if each.id not in pushed]
            pushed = [*(each.id for each in found), *pushed][:_REMEMBERED]
            messages = _messages(user.data, found, [Device.of(each) for each in devices])
            dead = push.send(messages) if messages else set()
            self._db.delete_all([each.path for each in devices if each.data["token"] in dead])
        with suppress(Stale):  # another notification came: the next sweep sends it
            seen = document
            self._db.commit(
                Update(document.path, {"dueAt": None, "pushedAt": at, "pushed": pushed}, seen=seen)
            )


def _messages(
    user: Mapping[str, Any], found: list[Document], devices: list[Device]
) -> list[Message]:
    wanted = preferences(user)
    notifications = [Notification.of(each) for each in reversed(found)]
    messages = []
    for notification in notifications:
        if not wanted[notification.type].push:
            continue
        for device in devices:
            words = rendered(notification, device.language or user.get("language"))
            data = {"id": notification.id, "type": str(notification.type)}
            data |= {"link": notification.link} if notification.link else {}
            messages.append(Message(device.token, words.title, words.body, notification.id, data))
    return messages
