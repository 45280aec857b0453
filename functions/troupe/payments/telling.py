"""Tells the payer's webhooks of payments, in the commit of the books."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from troupe.adapters.firestore import Write
from troupe.payments.records import Billing, Payment, PaymentStatus
from troupe.wallet.records import OwnerKind
from troupe.webhook_events import EventType, event_write, has_webhooks

_UNPAID = (PaymentStatus.OPEN, PaymentStatus.OVERDUE, PaymentStatus.VOID)


def payment_events(
    billing: Billing,
    owner: Mapping[str, Any],
    before: Payment | None,
    after: Payment,
    at: datetime,
) -> list[Write]:
    """What has happened to a payment. `owner`: the data of the payer's document."""
    if not has_webhooks(owner):
        return []
    types = []
    if after.status not in _UNPAID and (before is None or before.status in _UNPAID):
        types.append(EventType.PAYMENT_PAID)
    taken = (before.refunded, before.disputed) if before else (0, 0)
    if (after.refunded, after.disputed) != taken:
        types.append(EventType.PAYMENT_REVERSED)
    data = {
        "id": after.id,
        "kind": after.kind,
        "status": after.status,
        "amount": after.amount,
        "currency": after.currency,
        "refunded": after.refunded,
        "disputed": after.disputed,
        "companyId": billing.id if billing.owner_kind is OwnerKind.COMPANY else None,
    }
    # A dispute can be lost, won and lost again, so the time is part of what makes the event.
    cause = f"{after.id}-{at:%Y%m%d%H%M%S%f}"
    return [event_write(billing.id, type, f"{cause}-{type.value[8:]}", at, data) for type in types]
