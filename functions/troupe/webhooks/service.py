"""Webhooks: create, list, change, delete; their secrets; what was delivered, and again."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from troupe.access import belongs, company_admin, keeper, manages
from troupe.adapters.firestore import (
    AlreadyExists,
    Create,
    Database,
    Delete,
    Document,
    Increment,
    Missing,
    Stale,
    Update,
    Write,
    contend,
    now,
)
from troupe.caller import Caller
from troupe.errors import CompanyNotFound, GuestNotAllowed
from troupe.orphans import orphan_record
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.webhook_events import OF_COMPANIES, Event, EventType
from troupe.webhooks.delivering import PATIENCE, new_delivery
from troupe.webhooks.errors import (
    DeliveryInProgress,
    DeliveryNotFound,
    OnlyOfCompanies,
    TooManyWebhooks,
    WebhookDisabled,
    WebhookNotFound,
    WebhooksNotConfigured,
)
from troupe.webhooks.records import (
    COLLECTION,
    DELIVERIES,
    KEPT,
    MOST_WEBHOOKS,
    OVERLAP,
    Delivery,
    DeliveryStatus,
    DisabledReason,
    Webhook,
    counted_path,
    deliveries_path,
    delivery_path,
    webhook_path,
)
from troupe.webhooks.secrets import secret_of
from troupe.webhooks.sender import WebhookSender

# In one request, which has a minute for it.
MOST_RECOVERED = 200
# An event that was being fanned out when its webhook was deleted creates its delivery later.
_LATE = timedelta(minutes=10)


def deleted_writes(webhook: Webhook) -> list[Write]:
    """Deletes a webhook; the sweep deletes what was delivered to it, a little later."""
    log = orphan_record([], collection=deliveries_path(webhook.id), due_at=now() + _LATE)
    return [Delete(webhook.path), log.create_write()]


class Webhooks:
    def __init__(self, db: Database, sender: WebhookSender, master: str) -> None:
        """`master`: what the secrets are made from; empty if this server has no webhooks."""
        self._db = db
        self._sender = sender
        self._master = master

    def create(
        self, caller: Caller, company_id: str | None, url: str, events: Sequence[EventType]
    ) -> Webhook:
        """`company_id`: None for one of the caller's own. Raises GuestNotAllowed, CompanyNotFound,
        Forbidden for members who do not manage the company, OnlyOfCompanies, TooManyWebhooks,
        WebhooksNotConfigured."""
        if not self._master:
            raise WebhooksNotConfigured
        if caller.guest:
            raise GuestNotAllowed
        if company_id is not None:
            company_admin(company_id, caller, CompanyNotFound)
        _check(events, company_id)
        at = now()
        webhook = Webhook(
            id=secrets.token_hex(10),
            owner_id=company_id or caller.uid,
            uid=None if company_id else caller.uid,
            company_id=company_id,
            url=url,
            events=list(events),
            created_at=at,
            updated_at=at,
        )
        counted = counted_path(webhook.owner_id, company_id)

        def attempt() -> None:
            owner = self._db.get(counted)
            if company_id is not None and (not owner.exists or owner.data.get("deletedAt")):
                raise CompanyNotFound
            if owner.data.get("webhooks", 0) >= MOST_WEBHOOKS:
                raise TooManyWebhooks
            try:
                self._db.commit(
                    Create(webhook.path, webhook.stored()),
                    Update(counted, {"webhooks": Increment(1)}, seen=owner),
                )
            except AlreadyExists:
                return  # our own commit, sent again after its response was lost

        contend(attempt, on=counted)
        return webhook

    def all(self, caller: Caller, company_id: str | None) -> list[Webhook]:
        """Newest first. Raises CompanyNotFound, Forbidden."""
        if company_id is not None:
            company_admin(company_id, caller, CompanyNotFound)
        mine = [("ownerId", "==", company_id or caller.uid)]
        found = map(Webhook.of, self._db.find(COLLECTION, where=mine, limit=MOST_WEBHOOKS))
        return sorted(found, key=lambda each: each.created_at, reverse=True)

    def get(self, caller: Caller, webhook_id: str) -> Webhook:
        """Raises WebhookNotFound, also for another owner's."""
        return self._mine(caller, webhook_id)[0]

    def update(self, caller: Caller, webhook_id: str, changes: Mapping[str, Any]) -> Webhook:
        """Replaces `url`, `events` and `enabled`, if they are in `changes`. Raises
        WebhookNotFound, OnlyOfCompanies."""

        def attempt() -> Webhook:
            webhook, document = self._mine(caller, webhook_id)
            _check(changes.get("events", ()), webhook.company_id)
            fields = {**changes, "updated_at": now()}
            enabled = changes.get("enabled")
            if enabled and not webhook.enabled:
                fields |= {"disabled_reason": None, "failing_since": None}
            elif enabled is False and webhook.enabled:
                fields["disabled_reason"] = DisabledReason.OWNER
            changed = webhook.model_copy(update=fields)
            self._db.commit(Update(webhook.path, changed.stored(), seen=document))
            return changed

        return contend(attempt, on=webhook_path(webhook_id))

    def delete(self, caller: Caller, webhook_id: str) -> None:
        """Deletes it with what was delivered. Raises WebhookNotFound."""
        webhook, _ = self._mine(caller, webhook_id)
        count = Update(
            counted_path(webhook.owner_id, webhook.company_id), {"webhooks": Increment(-1)}
        )

        def attempt() -> None:
            document = self._db.get(webhook.path)
            if document.exists:  # else by our own commit, or by another request
                _, *rest = deleted_writes(webhook)
                self._db.commit(Delete(webhook.path, seen=document), *rest, count)

        contend(attempt, on=webhook.path)

    def secret(self, webhook: Webhook) -> str:
        """Raises WebhooksNotConfigured."""
        if not self._master:
            raise WebhooksNotConfigured
        return secret_of(self._master, webhook.id, webhook.secret_version)

    def rotate(self, caller: Caller, webhook_id: str) -> Webhook:
        """A new secret. The one before signs too for a day; an older one no longer. Raises
        WebhookNotFound, WebhooksNotConfigured."""
        before = self.get(caller, webhook_id)
        self.secret(before)
        at = now()
        fields = {
            "secret_version": before.secret_version + 1,
            "previous_until": at + OVERLAP,
            "updated_at": at,
        }

        def attempt() -> Webhook:
            webhook, document = self._mine(caller, webhook_id)
            if webhook.secret_version > before.secret_version:
                return webhook  # by our own commit, or by a request at the same time
            changed = webhook.model_copy(update=fields)
            self._db.commit(Update(webhook.path, changed.stored(), seen=document))
            return changed

        return contend(attempt, on=webhook_path(webhook_id))

    def test(self, caller: Caller, webhook_id: str) -> Delivery:
        """Sends an event for trying out, once, also to a disabled webhook. Raises WebhookNotFound,
        WebhooksNotConfigured."""
        webhook = self.get(caller, webhook_id)
        self.secret(webhook)
        at = now()
        event = Event(
            id=f"test-{secrets.token_hex(10)}",
            owner_id=webhook.owner_id,
            type=EventType.TEST,
            data={"webhookId": webhook.id},
            created_at=at,
            due_at=at,
        )
        delivery = new_delivery(event, DeliveryStatus.PENDING, at)
        delivery = delivery.model_copy(update={"single": True})
        path = delivery_path(webhook.id, delivery.id)
        with suppress(AlreadyExists):  # our own commit, sent again after its response was lost
            self._db.commit(Create(path, delivery.stored()))
        self._sender.delivery(webhook.id, delivery.id)
        return delivery

    def deliveries(
        self, caller: Caller, webhook_id: str, request: PageRequest, status: DeliveryStatus | None
    ) -> tuple[list[Delivery], PageOf]:
        """Newest first. Raises WebhookNotFound, BadCursor, PageTooDeep."""
        self._mine(caller, webhook_id)
        found = newest_first(
            self._db,
            deliveries_path(webhook_id),
            request,
            field="createdAt",
            where=[("status", "==", status)] if status else [],
        )
        return [Delivery.of(document) for document in found.documents], found

    def replay(self, caller: Caller, webhook_id: str, delivery_id: str) -> Delivery:
        """Sends an event once more, with the same id, also one that was delivered. Raises
        WebhookNotFound, DeliveryNotFound, DeliveryInProgress."""
        self._mine(caller, webhook_id)
        path, at = delivery_path(webhook_id, delivery_id), now()

        def attempt() -> Delivery:
            document = self._db.get(path)
            if not document.exists:
                raise DeliveryNotFound
            before = Delivery.of(document)
            if before.status is DeliveryStatus.PENDING:
                if before.single and before.next_try_at == at:
                    return before  # our own commit, sent again after its response was lost
                raise DeliveryInProgress
            fields = _again(at) | {"single": True}
            self._db.commit(Update(path, fields, seen=document))
            return Delivery.model_validate({"id": delivery_id, **document.data, **fields})

        delivery = contend(attempt)
        self._sender.delivery(webhook_id, delivery_id)
        return delivery

    def recover(
        self, caller: Caller, webhook_id: str, since: datetime, until: datetime | None
    ) -> int:
        """Sends what has failed or was held again, with all attempts, the oldest first; at most
        MOST_RECOVERED, whose number it returns. Raises WebhookNotFound, WebhookDisabled."""
        webhook, _ = self._mine(caller, webhook_id)
        if not webhook.enabled:
            raise WebhookDisabled
        at = now()
        found = self._db.find(
            deliveries_path(webhook_id),
            where=[
                ("status", "in", [DeliveryStatus.FAILED, DeliveryStatus.HELD]),
                ("createdAt", ">=", since),
                ("createdAt", "<=", min(until or at, at)),
            ],
            order=[("createdAt", False)],
            limit=MOST_RECOVERED,
        )
        recovered = 0
        enqueues = True
        for document in found:
            test = {"single": document.data["type"] == EventType.TEST}
            try:
                self._db.commit(Update(document.path, _again(at) | test, seen=document))
            except (Stale, Missing):
                continue  # it was replayed or deleted meanwhile
            recovered += 1
            # If the queue is down, the sweep sends them.
            enqueues = enqueues and self._sender.delivery(webhook_id, document.id)
        return recovered

    def expire(self, limit: int) -> int:
        """Deletes up to `limit` old deliveries; returns how many."""
        old = self._db.due(DELIVERIES, limit, field="expiresAt", select=[], group=True)
        self._db.delete_all([each.path for each in old])
        return len(old)

    def _mine(self, caller: Caller, webhook_id: str) -> tuple[Webhook, Document]:
        """The caller's own, or one of a company that the caller manages."""
        document = self._db.get(webhook_path(webhook_id))
        company_id = document.data.get("companyId")
        mine = manages(company_id, caller) if company_id else belongs(document, caller.uid)
        keeper(document, caller.uid, None if mine else WebhookNotFound)
        return Webhook.of(document), document


def _check(events: Sequence[EventType], company_id: str | None) -> None:
    """Raises OnlyOfCompanies for a user's webhook with events that only companies have."""
    if company_id is None and not OF_COMPANIES.isdisjoint(events):
        raise OnlyOfCompanies


def _again(at: datetime) -> dict[str, Any]:
    """A delivery that begins anew. It is kept as long as a new one."""
    return {
        "status": DeliveryStatus.PENDING,
        "single": False,
        "tries": 0,
        "nextTryAt": at,
        "dueAt": at + PATIENCE,
        "leaseUntil": None,
        "deliveredAt": None,
        "expiresAt": at + KEPT,
    }
