"""Records events for webhooks, in the commit of their cause. `troupe.webhooks` sends them.

It is apart from `troupe.webhooks`, because that package knows users and their notifications, and
what these are built on has events, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from troupe.adapters.firestore import Create, Write
from troupe.records import Record

EVENTS = "webhookEvents"
# When the sweep takes an event whose task was lost.
EVENT_PATIENCE = timedelta(minutes=1)


class EventType(StrEnum):
    GENERATION_COMPLETED = "generation.completed"
    GENERATION_FAILED = "generation.failed"
    GENERATION_CANCELLED = "generation.cancelled"
    SCRIPT_AUDIO_COMPLETED = "script.audio.completed"
    SCRIPT_AUDIO_FAILED = "script.audio.failed"
    SCRIPT_AUDIO_CANCELLED = "script.audio.cancelled"
    VIDEO_COMPLETED = "video.completed"
    VIDEO_FAILED = "video.failed"
    VIDEO_CANCELLED = "video.cancelled"
    TRANSCRIPTION_COMPLETED = "transcription.completed"
    TRANSCRIPTION_FAILED = "transcription.failed"
    TRANSCRIPTION_CANCELLED = "transcription.cancelled"
    DUBBING_COMPLETED = "dubbing.completed"
    DUBBING_FAILED = "dubbing.failed"
    DUBBING_CANCELLED = "dubbing.cancelled"
    PAYMENT_PAID = "payment.paid"
    PAYMENT_REVERSED = "payment.reversed"  # refunded or disputed, or a dispute was won
    WALLET_LOW = "wallet.low"
    SUBSCRIPTION_CHANGED = "subscription.changed"
    KEY_EXPIRING = "key.expiring"
    MEMBER_JOINED = "member.joined"
    MEMBER_LEFT = "member.left"
    TEST = "webhook.test"  # sent on request only


# Only webhooks of companies can have these.
OF_COMPANIES = frozenset({EventType.MEMBER_JOINED, EventType.MEMBER_LEFT})


class Event(Record):
    """`webhookEvents/{id}`: something that happened, until its deliveries are created. Its id is
    made from the cause. `due_at`: when the sweep looks, in case the task was lost."""

    id: str
    owner_id: str
    type: EventType
    data: dict[str, Any]
    created_at: datetime
    due_at: datetime


def event_path(event_id: str) -> str:
    return f"{EVENTS}/{event_id}"


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
