"""Tells users what happened to their plan without their doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.adapters.firestore import Write
from troupe.notifications.records import NotificationType
from troupe.notifications.writes import notice_writes
from troupe.plans.records import Source, SubscriptionStatus
from troupe.wallet.records import OwnerKind

if TYPE_CHECKING:
    from troupe.plans.draft import SubscriptionDraft


def notices(draft: SubscriptionDraft) -> list[Write]:
    """For the commit of the draft."""
    before, after = draft.before, draft.after
    if after is None or draft.owner.kind is not OwnerKind.USER:
        return []
    link = "/api/subscriptions/my-subscription"
    has = before.plan.id if before and before.live else None
    if has and after.status is SubscriptionStatus.EXPIRED:
        type = NotificationType.PLAN_ENDED
    elif after.status is SubscriptionStatus.PAST_DUE and before and before.status != after.status:
        type, link = NotificationType.PAYMENT_FAILED, "/api/check-subscription-status"
    elif after.live and after.source is Source.ADMIN and after.plan.id != has:
        type = NotificationType.PLAN_CHANGED
    else:
        return []
    # The commit of a change needs the subscription unchanged, so the time makes the id unique.
    return notice_writes(
        draft.owner.id,
        type,
        f"plan-{after.period}-{draft.at:%Y%m%d%H%M%S%f}",
        draft.at,
        muted=draft.muted,
        params={"plan": after.plan.name},
        link=link,
    )
