"""Notes in a period that was paid for how many of its minutes have expired.

A sync does so itself for what it ends. A plan that was bought once ends without Stripe, and so do
minutes that jobs still held when a period ended. If their expiry were not noted, a refund would
take them again, from minutes that were paid for separately.
"""

from __future__ import annotations

from collections.abc import Sequence

from troupe.adapters.firestore import Database, Update, Write
from troupe.payments.records import Period, changed, periods_path


def expiry_writes(
    db: Database, owner_id: str, n: int, seconds: int, ended: bool
) -> Sequence[Write]:
    """Stale if the period changes before they are committed; none if nobody paid for it."""
    document = db.get(f"{periods_path(owner_id)}/{n}")
    if not document.exists:
        return []
    before = Period.of(document)
    fields = changed(before, before.after_expiry(seconds, ended=ended))
    return [Update(document.path, fields, seen=document)] if fields else []
