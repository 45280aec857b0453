"""Requests and responses of the operations on webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from troupe.settings import settings
from troupe.web.schema import Id, Page, Schema, Time, example
from troupe.webhook_events import EventType
from troupe.webhooks.addresses import MOST_URL, UrlRefused, target_of
from troupe.webhooks.records import (
    MOST_ATTEMPTS,
    MOST_WEBHOOKS,
    Attempt,
    Delivery,
    DeliveryStatus,
    DisabledReason,
    Webhook,
)

_TYPES = [each for each in EventType if each is not EventType.TEST]
_EXAMPLE = {"url": "https://example.com/hook", "events": ["generation.completed"]}


def _url(given: str) -> str:
    try:
        target_of(given, emulated=settings().emulated)
    except UrlRefused as error:
        raise PydanticCustomError("url_not_allowed", "{reason}", {"reason": str(error)}) from None
    return given


def _known(given: list[EventType]) -> list[EventType]:
    if EventType.TEST in given:
        raise PydanticCustomError(
            "unknown_event", "must not have webhook.test, which is sent anyway"
        )
    return sorted(set(given))


Url = Annotated[
    str,
    StringConstraints(max_length=MOST_URL),
    AfterValidator(_url),
    Field(description="A public server, with https on the port 443 or 8443. Redirects fail."),
]
Events = Annotated[
    list[EventType],
    Field(
        min_length=1,
        max_length=2 * len(_TYPES),
        description="Of " + ", ".join(f"`{each}`" for each in _TYPES) + ".",
    ),
    AfterValidator(_known),
]


class CreateWebhook(Schema):
    model_config = example(_EXAMPLE)

    url: Url
    events: Events
    company_id: Id | None = Field(
        None, description="For the events of a company that you manage; else for your own."
    )


class UpdateWebhook(Schema):
    """Fields that are missing keep their values."""

    model_config = example({"enabled": True})

    url: Url | None = None
    events: Events | None = None
    enabled: bool | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.changes:
            raise PydanticCustomError("nothing_to_change", "must have a field to change")
        return self

    @property
    def changes(self) -> dict[str, Any]:
        return {
            name: getattr(self, name)
            for name in ("url", "events", "enabled")
            if getattr(self, name) is not None
        }


class RecoverWebhook(Schema):
    model_config = example({"since": "2026-11-27T00:00:00Z"})

    since: Time
    until: Time | None = None


class WebhooksQuery(Schema):
    company_id: Id | None = Field(None, description="For those of a company that you manage.")


class DeliveriesQuery(Page):
    status: DeliveryStatus | None = None


class WebhookPath(Schema):
    webhook_id: Id


class DeliveryPath(Schema):
    webhook_id: Id
    delivery_id: Id


class WebhookView(Schema):
    id: str
    company_id: str | None
    url: str
    events: list[EventType]
    enabled: bool
    disabled_reason: DisabledReason | None = Field(
        description="`owner`: you did; `failing`: five days of failures; `gone`: the receiver "
        "answered 410."
    )
    failing_since: datetime | None = Field(
        description="The first failure after which nothing was delivered."
    )
    previous_valid_until: datetime | None = Field(
        description="Until when the secret before the last rotation signs, too."
    )
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, webhook: Webhook) -> Self:
        shown = set(cls.model_fields) - {"previous_valid_until"}
        return cls(**webhook.model_dump(include=shown), previous_valid_until=webhook.previous_until)


class AttemptView(Schema):
    at: datetime
    status: int | None = Field(description="The HTTP status of the answer; null without one.")
    milliseconds: int
    error: str | None = Field(description="Why there was no answer, such as `timeout`.")

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        return cls(**attempt.model_dump())


class DeliveryView(Schema):
    id: str = Field(description="Of the event: what `webhook-id` says.")
    type: EventType
    timestamp: datetime = Field(description="When it happened.")
    data: dict[str, Any]
    status: DeliveryStatus = Field(
        description="`held`: it happened while the webhook was disabled."
    )
    tries: int
    next_try_at: datetime | None
    delivered_at: datetime | None
    attempts: list[AttemptView] = Field(
        max_length=MOST_ATTEMPTS, description="The last ones, the oldest first."
    )

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        return cls(
            id=delivery.id,
            type=delivery.type,
            timestamp=delivery.created_at,
            data=delivery.data,
            status=delivery.status,
            tries=delivery.tries,
            next_try_at=delivery.next_try_at,
            delivered_at=delivery.delivered_at,
            attempts=[AttemptView.of(each) for each in delivery.attempts],
        )


class WebhookData(Schema):
    webhook: WebhookView


class WebhookSecret(Schema):
    webhook: WebhookView
    secret: str = Field(description="What the events are signed with: `whsec_…`.")


class SecretData(Schema):
    secret: str


class WebhookList(Schema):
    webhooks: list[WebhookView] = Field(max_length=MOST_WEBHOOKS)


class DeliveryData(Schema):
    delivery: DeliveryView


class DeliveryList(Schema):
    deliveries: list[DeliveryView]


class Recovered(Schema):
    count: int = Field(description="How many are sent again. If there are 200, ask once more.")
