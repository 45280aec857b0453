"""Exports the account of a user. `deletion` erases it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from troupe.accounts.writes import user_path, username_path
from troupe.adapters.firestore import Database
from troupe.exported import Exported

# Of a session; the rest are secrets.
_SESSION = ("createdAt", "lastUsedAt", "expiresAt", "userAgent")


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    """The user's document, with the sessions, but without the hashes of their tokens."""
    user = database.get(user_path(uid))
    sessions = {
        key: {name: session[name] for name in _SESSION if name in session}
        for key, session in user.data.get("sessions", {}).items()
    }
    yield replace(user, data=user.data | {"sessions": sessions})
    if username := user.data.get("username"):
        yield database.get(username_path(username))
    if avatar := user.data.get("avatarPath"):
        yield avatar
