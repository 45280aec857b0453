"""The write that records an event, for the commit of its cause."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from troupe.adapters.firestore import Create, Write
from troupe.webhooks.records import Event, EventType, event_path

# When the sweep takes an event whose task was lost.
EVENT_PATIENCE = timedelta(minutes=1)


def has_webhooks(owner: Mapping[str, Any]) -> bool:
    """Whether anybody may listen, by the data of `users/{uid}` or `companies/{id}`."""
    return bool(owner.get("webhooks"))


def event_write(
    owner_id: str, type: EventType, cause: str, at: datetime, data: Mapping[str, Any]
) -> Write:
    """Records an event once per `cause`, which becomes its id: the commit raises AlreadyExists for
    a second one. `data`: ids, states and numbers; no texts and no addresses of files."""
    event = Event(
        id=cause,
        owner_id=owner_id,
        type=type,
        data=dict(data),
        created_at=at,
        due_at=at + EVENT_PATIENCE,
    )
    return Create(event_path(cause), event.stored())
