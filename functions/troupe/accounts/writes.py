"""Reads and writes of `users/{uid}` and `usernames/{lowercase name}`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from troupe.accounts.records import Session, UserRecord
from troupe.accounts.sessions import floor_after, kept, to_drop
from troupe.adapters.firestore import (
    DELETE_FIELD,
    Committed,
    Create,
    Database,
    Document,
    Update,
    Write,
)
from troupe.errors import Unavailable


def user_path(uid: str) -> str:
    return f"users/{uid}"


def username_path(username: str) -> str:
    return f"usernames/{username.lower()}"


def existing_user(document: Document) -> UserRecord | None:
    """The user of a document; None if it does not exist or the user is deleted."""
    user = UserRecord.of(document) if document.exists else None
    return None if user is None or user.deleted_at else user


class Users:
    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, uid: str) -> UserRecord | None:
        return self.read(uid)[0]

    def read(self, uid: str) -> tuple[UserRecord | None, Document]:
        """The record, and the document to use as a precondition."""
        document = self._db.get(user_path(uid))
        return (UserRecord.of(document) if document.exists else None), document

    def require(self, uid: str) -> tuple[UserRecord, Document]:
        """Like `read`, for a user who existed a moment ago. Raises Unavailable."""
        user, document = self.read(uid)
        if user is None:
            raise Unavailable(retry_after=1)
        return user, document

    def owner_of(self, username: str) -> str | None:
        """The uid that holds a username (case-insensitive), or None."""
        return self._db.get(username_path(username)).data.get("uid")

    def commit(self, *writes: Write) -> Committed:
        return self._db.commit(*writes)


def create_writes(user: UserRecord) -> list[Write]:
    """Creates a user and claims the username, if there is one."""
    writes: list[Write] = [Create(user_path(user.id), user.stored())]
    if user.username is not None:
        taken = {"uid": user.id, "createdAt": user.created_at}
        writes.append(Create(username_path(user.username), taken))
    return writes


def session_write(
    uid: str,
    session_id: str,
    session: Session,
    seen: Document | None = None,
) -> Update:
    """Sets one session; the rest of the document stays unchanged."""
    return Update(user_path(uid), {f"sessions.{session_id}": session.stored()}, seen=seen)


def add_session_changes(
    user: UserRecord, session_id: str, session: Session, at: datetime
) -> dict[str, Any]:
    """Adds a session, and removes the oldest if there are too many."""
    dropped = [each for each in to_drop(user, at) if each != session_id]
    removed = {f"sessions.{old}": DELETE_FIELD for old in dropped}
    return removed | {f"sessions.{session_id}": session.stored()} | floor_after(user, dropped)


def end_sessions_write(
    document: Document, user: UserRecord, at: datetime, *, keep: Collection[str] = (), **more: Any
) -> Update:
    """Ends all sessions and sign-ins but `keep`. `more`: other fields to change."""
    ended = {"sessions": kept(user, keep, at), "validAfter": at, "updatedAt": at}
    return Update(document.path, ended | more, seen=document)


def end_session_write(document: Document, user: UserRecord, session_id: str) -> Update:
    """Ends one session, or one sign-in of the Firebase SDK."""
    ended = {f"sessions.{session_id}": DELETE_FIELD, **floor_after(user, [session_id])}
    return Update(document.path, ended, seen=document)
