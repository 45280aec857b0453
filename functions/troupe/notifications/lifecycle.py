"""Erases the notifications and devices of a deleted user, and exports those of any user."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from troupe.adapters.firestore import Database
from troupe.exported import Exported
from troupe.notifications.records import DEVICES, inbox_path, notifications_path


def erase(uid: str, limit: int, *, database: Database) -> int:
    """Deletes up to `limit` notifications and all devices, then the inbox; returns how many
    documents it deleted."""
    mine = [("uid", "==", uid)]
    found = database.find(notifications_path(uid), limit=limit, select=[])
    found += database.find(DEVICES, where=mine, limit=limit, select=[])
    if not found:
        found = [each for each in database.get_all([inbox_path(uid)]) if each.exists]
    database.delete_all([document.path for document in found])
    return len(found)


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    """Devices without their tokens, with which others could send to them."""
    yield from database.walk(notifications_path(uid))
    for device in database.walk(DEVICES, where=[("uid", "==", uid)]):
        shown = {name: value for name, value in device.data.items() if name != "token"}
        yield replace(device, data=shown)
