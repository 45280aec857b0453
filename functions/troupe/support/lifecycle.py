"""Exports the messages that a user sent with the contact form."""

from __future__ import annotations

from collections.abc import Iterator

from troupe.accounts.writes import user_path
from troupe.adapters.firestore import Database
from troupe.exported import Exported
from troupe.support.content import CONTACTS


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    """Messages name no account, only an address. They are the user's if the address is proved:
    otherwise whoever registers somebody's address would get that person's messages."""
    user = database.get(user_path(uid)).data
    if user.get("email") and user.get("emailVerified"):
        yield from database.walk(CONTACTS, where=[("email", "==", user["email"])])
