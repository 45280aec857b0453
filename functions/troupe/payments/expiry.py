"""Notes in a period that was paid for how many of its minutes have expired.

A sync does so itself for what it ends. A plan that was bought once ends without Stripe, and so do
minutes that jobs still held when a period ended, and those that went on in a plan which an
administrator assigned. If their expiry were not noted, a refund would take them again, from minutes
that were paid for separately.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from troupe.adapters.firestore import Database, Update, Write
from troupe.payments.records import Period, changed, periods_path


def expiry_writes(db: Database, owner_id: str, expired: Mapping[int, int]) -> Sequence[Write]:
    """`expired`: seconds by period. Stale if a period changes before they are committed; none for
    those that nobody paid for."""
    writes = []
    path = periods_path(owner_id)
    for document in db.get_all([f"{path}/{n}" for n in expired]):
        if document.exists:
            before = Period.of(document)
            fields = changed(before, before.after_expiry(expired[before.n]))
            writes += [Update(document.path, fields, seen=document)] if fields else []
    return writes
