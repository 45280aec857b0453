"""Tells webhooks that an API key expires soon, in the commit that notes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from troupe.adapters.firestore import Write
from troupe.api_keys.records import ApiKey
from troupe.webhook_events import EventType, event_write, has_webhooks


def expiring_events(owner: Mapping[str, Any], key: ApiKey, at: datetime) -> list[Write]:
    """Nothing for a key that has ended. `owner`: the data of its owner's document."""
    ends = key.expires_at
    if ends is None or ends <= at or key.revoked_at is not None or not has_webhooks(owner):
        return []
    data = {
        "id": key.id,
        "companyId": key.company_id,
        "userId": key.uid,
        "expiresAt": ends.isoformat(),
    }
    # The commit fails if the key has changed, so the time makes the id unique.
    cause = f"key-{key.id}-{at:%Y%m%d%H%M%S%f}-expiring"
    return [event_write(key.owner_id, EventType.KEY_EXPIRING, cause, at, data)]
