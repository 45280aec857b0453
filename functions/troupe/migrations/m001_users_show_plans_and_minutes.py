"""Users show their voice seconds and the terms of their plan.

Since 26 November 2026, `users/{uid}` repeats both, so that administrators' lists read no other
document. Older documents lack them, and a change of the wallet in the meantime has added only the
parts of `voiceSeconds` that it changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troupe.adapters.firestore import Document
from troupe.migrations.records import Migration

_PARTS = ("granted", "used", "held")
_TERMS = ("priceCents", "billingPeriod", "voiceMinutes", "tokens")


def _others(user: Document) -> Sequence[str]:
    return (f"wallets/{user.id}", f"subscriptions/{user.id}")


def _change(user: Document, others: Mapping[str, Document]) -> Mapping[str, Any]:
    """Every change of voice seconds or of the subscription also writes the user's document, so the
    precondition on that document covers the other two."""
    if user.data.get("deletedAt") is not None:
        return {}
    wallet, subscription = (others[path].data for path in _others(user))
    fields: dict[str, Any] = {}
    seconds = wallet.get("voiceSeconds", {})
    balance = {part: seconds.get(part, 0) for part in _PARTS}
    if user.data.get("voiceSeconds") != balance:
        fields["voiceSeconds"] = balance
    summary, plan = user.data.get("subscription"), subscription.get("plan")
    if summary and plan and summary["planId"] == plan["id"]:
        terms = {name: plan[name] for name in _TERMS}
        if any(summary.get(name) != value for name, value in terms.items()):
            fields["subscription"] = summary | terms
    return fields


MIGRATION = Migration(
    number=1,
    title="users show their voice seconds and the terms of their plan",
    collection="users",
    others=_others,
    change=_change,
)
