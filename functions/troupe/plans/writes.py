"""Paths and writes of plans and subscriptions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from troupe.adapters.firestore import Create, Document, Update, Write
from troupe.plans.records import Subscription

PLANS = "plans"
SUBSCRIPTIONS = "subscriptions"
PRICES = "prices"  # of `troupe.payments`; each sells a plan or an add-on


def plan_path(plan_id: str) -> str:
    return f"{PLANS}/{plan_id}"


def subscription_path(uid: str) -> str:
    return f"{SUBSCRIPTIONS}/{uid}"


def save_writes(seen: Document, subscription: Subscription, at: datetime) -> list[Write]:
    """Writes the subscription, and its summary in the owner's document, so that showing a user
    reads one document. Stale or AlreadyExists if the subscription changed since."""
    stored = subscription.stored() | {"updatedAt": at}
    summary: dict[str, Any] = {
        "plan": subscription.plan.id if subscription.entitled else None,
        "planStatus": subscription.status,
        "subscription": {
            "planId": subscription.plan.id,
            "name": subscription.plan.name,
            "priceCents": subscription.plan.price_cents,
            "billingPeriod": subscription.plan.billing_period,
            "voiceMinutes": subscription.plan.voice_minutes,
            "tokens": subscription.plan.tokens,
            "status": subscription.status,
            "startedAt": subscription.started_at,
            "endsAt": subscription.ends_at,
        },
        "updatedAt": at,
    }
    return [
        Update(seen.path, stored, seen=seen) if seen.exists else Create(seen.path, stored),
        Update(subscription.owner.path, summary),
    ]


def taken_write(plan_id: str, at: datetime) -> Write:
    """Marks the plan as in use: fails with Missing if the plan was deleted, and makes a deletion
    in progress count again."""
    return Update(plan_path(plan_id), {"lastTakenAt": at})
