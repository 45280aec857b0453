"""Subscriptions say which of their minutes an earlier period gave.

Since 28 November 2026 minutes keep their origin when another plan takes over, because a refund of
the plan that gave them must find them, and must not take them again once they have expired. Older
subscriptions have only the sum: what is more than the current period gave came from the one before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troupe.adapters.firestore import Document
from troupe.migrations.records import Migration


def _change(subscription: Document, others: Mapping[str, Document]) -> Mapping[str, Any]:
    data = subscription.data
    minutes, period = data["minutes"], data["period"]
    if "carried" in minutes:
        return {}
    more = minutes["seconds"] - data["gave"].get("voiceSeconds", 0)
    carried = [{"period": period - 1, "seconds": more}] if more > 0 and period > 1 else []
    return {"minutes.carried": carried}


MIGRATION = Migration(
    number=4,
    title="subscriptions say which minutes earlier periods gave",
    collection="subscriptions",
    change=_change,
)
