"""Tells the webhooks of a company who has joined and who has left, in the commit of the roster."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from troupe.adapters.firestore import Document, Write
from troupe.companies.records import Member
from troupe.webhook_events import EventType, event_write, has_webhooks

# Why somebody no longer belongs to a company.
Reason = Literal["left", "removed", "account_deleted"]


def member_events(
    company: Document,
    before: Member | None,
    after: Member | None,
    reason: Reason | None,
    at: datetime,
) -> list[Write]:
    """Of one person; nothing if they stay. `company`: as it was read."""
    member = after or before
    if member is None or (before and after) or not has_webhooks(company.data):
        return []
    data: dict[str, str | None] = {"id": member.id, "companyId": company.id, "role": member.role}
    type = EventType.MEMBER_JOINED
    if after is None:
        type = EventType.MEMBER_LEFT
        data["reason"] = reason
    # The commit fails if the company has changed, so the time makes the id unique.
    cause = f"member-{company.id}-{member.id}-{at:%Y%m%d%H%M%S%f}"
    return [event_write(company.id, type, cause, at, data)]
