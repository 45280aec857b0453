"""Tells webhooks that a subscription has changed, in the commit of the change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from troupe.adapters.firestore import Write
from troupe.plans.records import Subscription
from troupe.webhook_events import EventType, event_write, has_webhooks


def changed_events(
    owner: Mapping[str, Any], before: Subscription | None, after: Subscription, at: datetime
) -> list[Write]:
    """Nothing for a change that the event does not show, such as of the minutes that are left.
    `owner`: the data of the document of the subscription's owner."""
    data = _shown(after)
    if not has_webhooks(owner) or (before is not None and _shown(before) == data):
        return []
    # The commit fails if the subscription has changed, so the time makes the id unique.
    cause = f"subscription-{after.id}-{after.period}-{at:%Y%m%d%H%M%S%f}"
    return [event_write(after.id, EventType.SUBSCRIPTION_CHANGED, cause, at, data)]


def _shown(subscription: Subscription) -> dict[str, Any]:
    ends = subscription.expires_at
    following = subscription.next_plan
    return {
        "id": subscription.id,
        "companyId": subscription.owner.company_id,
        "planId": subscription.plan.id,
        "nextPlanId": following.id if following else None,
        "status": subscription.status,
        "entitled": subscription.entitled,
        "periodStart": subscription.period_start.isoformat(),
        "periodEnd": subscription.period_end.isoformat(),
        "endsAt": ends.isoformat() if ends else None,
    }
