"""The audit of one user."""

from __future__ import annotations

from troupe.adapters.firestore import Database
from troupe.commands.ledger_audit import audit_owner
from troupe.commands.tabs_audit import audit_tabs
from troupe.wallet.records import Owner


def audit_user(db: Database, uid: str) -> list[str]:
    """The problems of a user's wallet; empty if there are none."""
    return audit_owner(db, Owner.user(uid))


def audit_place(db: Database, path: str) -> list[str]:
    """What the audit says of the tabs of a place, such as a call."""
    return [problem for place, problem in audit_tabs(db) if place == path]


def audit_room(db: Database, room_id: str) -> list[str]:
    """What the audit says of the tabs of a room. Other tests close theirs at the same time."""
    return [problem for place, problem in audit_tabs(db) if place == f"rooms/{room_id}"]
