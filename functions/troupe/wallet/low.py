"""Tells webhooks that a wallet runs low, in the commit of the charge that takes it there.

What can be spent only falls when something is held or consumed. Those commits have read the wallet,
and fail if it has changed, so each crossing is seen by exactly one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from troupe.adapters.firestore import Document, Update, Write
from troupe.wallet.records import Level, Meter, Wallet
from troupe.webhook_events import EventType, event_write, has_webhooks

# A wallet is low with less than one part in so many of what there was.
_PARTS = 10


def low_writes(
    wallet: Document,
    owner: Mapping[str, Any],
    meter: Meter,
    amount: int,
    cause: str,
    at: datetime,
) -> list[Write]:
    """For the commit that holds or spends `amount`, after the write that changes the wallet.
    `owner`: the data of the payer's document; nothing is written for one without webhooks.
    `cause`: makes the event's id.

    There is one event until something is granted or taken back, even if a hold is released in
    between.
    """
    if not has_webhooks(owner):
        return []
    has = Wallet.of(wallet)
    balance, known = has.meter(meter), has.levels.get(meter)
    level = known
    if level is None or level.granted != balance.granted:
        level = Level(granted=balance.granted, full=balance.granted - balance.used)
    threshold = -(-level.full // _PARTS)
    left = balance.available - amount
    events: list[Write] = []
    if left < threshold and not level.told:
        level = level.model_copy(update={"told": True})
        data = {
            "id": has.id,
            "companyId": has.owner.company_id,
            "meter": meter,
            "available": left,
            "threshold": threshold,
        }
        events = [event_write(has.id, EventType.WALLET_LOW, f"{cause}-low", at, data)]
    if level == known:
        return []
    return [Update(wallet.path, {f"levels.{meter}": level.stored()}), *events]
