"""Erases the wallet of a deleted user, whose totals are kept anonymously, and exports that of any
user."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from troupe.adapters.firestore import Create, Database, Delete, contend, now
from troupe.exported import Exported
from troupe.wallet.errors import StillHeld
from troupe.wallet.ledger import ledger_path, wallet_path
from troupe.wallet.records import Meter, Wallet

CLOSINGS = "closings"


def erase(uid: str, limit: int, *, database: Database) -> int:
    """Closes the wallet, then deletes the ledger; returns how many documents it deleted.

    `closings/{random}` keeps the granted and used totals of each meter, and the month, so that the
    system's totals still add up. Wallet and closing change in one commit, and the audit reads only
    existing wallets, so it stays clean throughout. Raises StillHeld.
    """

    def close() -> int:
        document = database.get(wallet_path(uid))
        if not document.exists:
            return 0
        wallet = Wallet.of(document)
        if any(wallet.meter(meter).held for meter in Meter):
            raise StillHeld
        sums = {
            str(meter): {
                "granted": wallet.meter(meter).granted,
                "used": wallet.meter(meter).used,
            }
            for meter in Meter
        }
        closing = {**sums, "month": f"{now():%Y-%m}"}
        database.commit(
            Delete(document.path, seen=document),
            Create(f"{CLOSINGS}/{secrets.token_hex(10)}", closing),
        )
        return 1

    closed = contend(close)
    entries = database.find(ledger_path(uid), limit=limit, select=[])
    database.delete_all([entry.path for entry in entries])
    return closed + len(entries)


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    """With its ledger."""
    wallet = database.get(wallet_path(uid))
    if wallet.exists:
        yield wallet
    yield from database.walk(ledger_path(uid))
