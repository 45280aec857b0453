"""Webhooks, the events that wait to be sent, and their deliveries, as they are stored."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import Field

from troupe.records import Record
from troupe.webhook_events import EventType

COLLECTION = "webhooks"
DELIVERIES = "deliveries"  # under each webhook
MOST_WEBHOOKS = 10  # of a user, and of a company
MOST_ATTEMPTS = 10  # that a delivery remembers
KEPT = timedelta(days=30)
# How long the secret before a rotation still signs.
OVERLAP = timedelta(hours=24)


class DisabledReason(StrEnum):
    OWNER = "owner"
    FAILING = "failing"  # for five days
    GONE = "gone"  # the receiver answered 410


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    HELD = "held"  # the webhook is disabled


class Webhook(Record):
    """`webhooks/{id}`. `owner_id`: of a user, which is also `uid`, or of a company, which is also
    `company_id`.
    `secret_version` names its secret, which is stored nowhere; the one before signs too until
    `previous_until`. `failing_since`: the first failure after which nothing was delivered."""

    id: str
    owner_id: str
    uid: str | None = None
    company_id: str | None = None
    url: str
    events: list[EventType]
    enabled: bool = True
    disabled_reason: DisabledReason | None = None
    secret_version: int = 1
    previous_until: datetime | None = None
    failing_since: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def path(self) -> str:
        return webhook_path(self.id)

    def signing_versions(self, at: datetime) -> list[int]:
        """The secrets that sign at this time, the current one first."""
        rotating = self.previous_until is not None and at < self.previous_until
        return [self.secret_version, *([self.secret_version - 1] if rotating else [])]


class Attempt(Record):
    """`status`: the HTTP status of the answer, None without one; then `error` says why."""

    at: datetime
    status: int | None = None
    milliseconds: int
    error: str | None = None


class Delivery(Record):
    """`webhooks/{webhookId}/deliveries/{eventId}`: one event on its way to one webhook.

    `tries`: attempts begun since it was created or recovered. `next_try_at`: when the next one is
    due; `due_at`: when the sweep looks, in case its task was lost. `lease_until` keeps other
    workers out. `single`: there is one attempt, which says nothing about the webhook's health, as
    of a test or a replay.
    """

    id: str
    type: EventType
    data: dict[str, Any]
    status: DeliveryStatus
    single: bool = False
    tries: int = 0
    next_try_at: datetime | None = None
    due_at: datetime | None = None
    lease_until: datetime | None = None
    attempts: list[Attempt] = Field(default_factory=list)
    created_at: datetime
    delivered_at: datetime | None = None
    expires_at: datetime


def webhook_path(webhook_id: str) -> str:
    return f"{COLLECTION}/{webhook_id}"


def deliveries_path(webhook_id: str) -> str:
    return f"{COLLECTION}/{webhook_id}/{DELIVERIES}"


def delivery_path(webhook_id: str, event_id: str) -> str:
    return f"{deliveries_path(webhook_id)}/{event_id}"


def counted_path(owner_id: str, company_id: str | None) -> str:
    """The document that counts the webhooks of an owner in `webhooks`."""
    return f"companies/{company_id}" if company_id else f"users/{owner_id}"
