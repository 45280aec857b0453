"""The audit of one user."""

from __future__ import annotations

from troupe.adapters.firestore import Database
from troupe.commands.ledger_audit import audit_owner
from troupe.wallet.records import Owner


def audit_user(db: Database, uid: str) -> list[str]:
    """The problems of a user's wallet; empty if there are none."""
    return audit_owner(db, Owner.user(uid))
