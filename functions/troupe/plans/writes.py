"""Plans and subscriptions in the store."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from troupe.adapters.firestore import Create, Document, Update, Write
from troupe.plans.records import Subscription

PLANS = "plans"
SUBSCRIPTIONS = "subscriptions"


def plan_path(plan_id: str) -> str:
    return f"{PLANS}/{plan_id}"


def subscription_path(uid: str) -> str:
    return f"{SUBSCRIPTIONS}/{uid}"


def save_writes(seen: Document, subscription: Subscription, at: datetime) -> list[Write]:
    """The subscription, and what the user's document shows of it, so that a request that shows
    the user reads one document. Stale or AlreadyExists if the subscription changed since."""
    stored = subscription.stored() | {"updatedAt": at}
    summary: dict[str, Any] = {
        "plan": subscription.plan.id if subscription.live else None,
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
        Update(f"users/{subscription.id}", summary),
    ]


def taken_write(plan_id: str, at: datetime) -> Write:
    """Says in the plan's own document that somebody takes it: fails as Missing when the plan was
    deleted meanwhile, and makes a deletion that is under way count again."""
    return Update(plan_path(plan_id), {"lastTakenAt": at})
