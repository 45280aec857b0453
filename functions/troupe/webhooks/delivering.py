"""What the tasks of the function `deliver` do: create the deliveries of an event, and make one
attempt at a delivery.

Every task may come more than once, early or late, so the documents decide. A receiver may get an
event twice, with the same id: after a worker that died between the answer and its commit.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from troupe.adapters.firestore import (
    AlreadyExists,
    Create,
    Database,
    Delete,
    Document,
    Missing,
    Stale,
    Update,
    Write,
    contend,
    now,
)
from troupe.logs import log
from troupe.notifications.records import NotificationType, muted
from troupe.notifications.writes import notice_writes
from troupe.waiters import Waiters
from troupe.webhook_events import Event, EventType, event_path
from troupe.webhooks.addresses import Target, UrlRefused, target_of
from troupe.webhooks.errors import NotYet, WebhooksNotConfigured
from troupe.webhooks.posting import Answer
from troupe.webhooks.records import (
    COLLECTION,
    KEPT,
    MOST_ATTEMPTS,
    MOST_WEBHOOKS,
    Attempt,
    Delivery,
    DeliveryStatus,
    DisabledReason,
    Webhook,
    delivery_path,
    webhook_path,
)
from troupe.webhooks.secrets import secret_of, signed_headers
from troupe.webhooks.sender import WebhookSender

# The waits before each attempt, which the specification of Standard Webhooks proposes.
PLAN = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
_JITTER = 0.2
# Longer than an attempt takes.
LEASE = timedelta(seconds=60)
# The sweep looks so long after a task should have come.
PATIENCE = timedelta(minutes=5)
# A task that comes at most so early is told to come again. One that comes earlier has lost its
# delay, as all do on the emulator: the sweep sends another.
_EARLY = timedelta(minutes=1)
# With nothing but failures for so long, a webhook is disabled.
FAILING = timedelta(days=5)
_GONE = 410

Post = Callable[[Target, bytes, Mapping[str, str]], Answer]
_spread = random.Random()  # noqa: S311 (no secret)


@dataclass(frozen=True, slots=True)
class _Claimed:
    delivery: Delivery
    document: Document
    webhook: Webhook


def body_of(type: EventType, at: datetime, data: Mapping[str, object]) -> str:
    """What is sent, the same in every attempt."""
    event = {"type": type, "timestamp": at.isoformat().replace("+00:00", "Z"), "data": data}
    return json.dumps(event, separators=(",", ":"), sort_keys=True)


def new_delivery(event: Event, status: DeliveryStatus, at: datetime) -> Delivery:
    pending = status is DeliveryStatus.PENDING
    return Delivery(
        id=event.id,
        type=event.type,
        data=event.data,
        status=status,
        next_try_at=at if pending else None,
        due_at=at + PATIENCE if pending else None,
        created_at=event.created_at,
        expires_at=event.created_at + KEPT,
    )


class Deliverer:
    def __init__(
        self,
        db: Database,
        sender: WebhookSender,
        post: Post,
        master: str,
        places: Waiters,
        *,
        emulated: bool,
    ) -> None:
        """`master`: what the secrets are made from. `places`: how many attempts this instance
        makes at once, and how many of them for one webhook: a slow receiver must not delay the
        others."""
        self._db = db
        self._sender = sender
        self._post = post
        self._master = master
        self._places = places
        self._emulated = emulated

    def fan_out(self, event_id: str) -> None:
        """Creates the event's deliveries to the webhooks of its owner, in one commit, and enqueues
        their first attempts."""
        document = self._db.get(event_path(event_id))
        if not document.exists:
            return
        event, at = Event.of(document), now()
        found = self._db.find(
            COLLECTION, where=[("ownerId", "==", event.owner_id)], limit=MOST_WEBHOOKS
        )
        webhooks = [each for each in map(Webhook.of, found) if event.type in each.events]
        writes: list[Write] = [Delete(document.path, seen=document)]
        for webhook in webhooks:
            status = DeliveryStatus.PENDING if webhook.enabled else DeliveryStatus.HELD
            path = delivery_path(webhook.id, event.id)
            writes.append(Create(path, new_delivery(event, status, at).stored()))
        try:
            self._db.commit(*writes)
        except (Stale, Missing, AlreadyExists):
            # Another task has done it, or our own commit was sent again. Tasks too many do no harm.
            log.info("event_already_fanned_out", eventId=event_id)
        for webhook in webhooks:
            if webhook.enabled:
                self._sender.delivery(webhook.id, event.id)

    def deliver(self, webhook_id: str, event_id: str) -> None:
        """Makes the attempt that is due, if one is. Raises NotYet if the task should come again,
        and WebhooksNotConfigured."""
        if not self._master:
            raise WebhooksNotConfigured
        with self._places.place(webhook_id) as free:
            if not free:
                raise NotYet("as many attempts are under way as may be")
            claimed = self._claim(webhook_id, event_id)
            if claimed is not None:
                self._finish(claimed, self._attempt(claimed))

    def _claim(self, webhook_id: str, event_id: str) -> _Claimed | None:
        """None if there is nothing to do."""
        paths = [delivery_path(webhook_id, event_id), webhook_path(webhook_id)]
        document, of_webhook = self._db.get_all(paths)
        if not (document.exists and of_webhook.exists):
            return None
        delivery, webhook, at = Delivery.of(document), Webhook.of(of_webhook), now()
        if not _is_due(delivery, at):
            return None
        if not webhook.enabled and not delivery.single:
            self._put_away(document, DeliveryStatus.HELD)
            return None
        if delivery.tries >= len(PLAN):  # the worker died in the last attempt
            self._put_away(document, DeliveryStatus.FAILED)
            return None
        until = at + LEASE
        fields = {
            "tries": delivery.tries + 1,
            "leaseUntil": until,
            "dueAt": until + PATIENCE,
        }
        try:
            committed = self._db.commit(Update(document.path, fields, seen=document))
        except Stale:
            raise NotYet("another worker has taken it") from None
        except Missing:
            return None
        claimed = Document(
            document.path, {**document.data, **fields}, True, committed.update_times[0]
        )
        return _Claimed(Delivery.of(claimed), claimed, webhook)

    def _put_away(self, document: Document, status: DeliveryStatus) -> None:
        """Ends the attempts. If it fails, another worker is at it."""
        fields = {"status": status, "nextTryAt": None, "dueAt": None, "leaseUntil": None}
        try:
            self._db.commit(Update(document.path, fields, seen=document))
        except (Stale, Missing):
            log.info("delivery_taken", path=document.path)

    def _attempt(self, claimed: _Claimed) -> Answer:
        delivery, webhook, at = claimed.delivery, claimed.webhook, now()
        try:
            target = target_of(webhook.url, emulated=self._emulated)
        except UrlRefused:  # by newer rules
            return Answer(None, 0, "url_not_allowed")
        body = body_of(delivery.type, delivery.created_at, delivery.data)
        secrets = [
            secret_of(self._master, webhook.id, version) for version in webhook.signing_versions(at)
        ]
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Troupe-Webhooks/1",
            "Connection": "close",
            **signed_headers(secrets, delivery.id, at, body),
        }
        return self._post(target, body.encode(), headers)

    def _finish(self, claimed: _Claimed, answer: Answer) -> None:
        """Records the attempt, and plans the next one."""
        delivery, webhook, at = claimed.delivery, claimed.webhook, now()
        attempt = Attempt(
            at=at, status=answer.status, milliseconds=answer.milliseconds, error=answer.error
        )
        attempts = [*delivery.attempts, attempt][-MOST_ATTEMPTS:]
        fields: dict[str, object] = {
            "attempts": [each.stored() for each in attempts],
            "leaseUntil": None,
            "nextTryAt": None,
            "dueAt": None,
        }
        wait = None
        if answer.ok:
            fields |= {"status": DeliveryStatus.DELIVERED, "deliveredAt": at}
        elif delivery.single or answer.status == _GONE or delivery.tries >= len(PLAN):
            fields["status"] = DeliveryStatus.FAILED
        else:
            wait = _wait(delivery.tries, answer)
            fields |= {"nextTryAt": at + wait, "dueAt": at + wait + PATIENCE}
        told = {"webhookId": webhook.id, "eventId": delivery.id, "attempt": delivery.tries}
        log.info("webhook_attempted", **told, status=answer.status, reason=answer.error)
        try:
            self._db.commit(Update(claimed.document.path, fields, seen=claimed.document))
        except (Stale, Missing):  # the lease has expired, or the webhook is deleted
            return
        if wait is not None:
            self._sender.delivery(webhook.id, delivery.id, wait)
        if not delivery.single:
            self._judge(webhook, answer, at)

    def _judge(self, webhook: Webhook, answer: Answer, at: datetime) -> None:
        """Notes since when a webhook fails, and disables it. Most attempts change nothing."""
        if not _judgement(webhook, answer, at):
            return

        def attempt() -> None:
            document = self._db.get(webhook.path)
            if not document.exists:
                return
            current = Webhook.of(document)
            fields = _judgement(current, answer, at) if current.enabled else {}
            if not fields:
                return
            writes: list[Write] = [Update(document.path, fields, seen=document)]
            if "enabled" in fields:
                writes += self._notices(current, at)
                reason = fields["disabledReason"]
                log.warning("webhook_disabled", webhookId=webhook.id, reason=reason)
            self._db.commit(*writes)

        contend(attempt, on=webhook.path)

    def _notices(self, webhook: Webhook, at: datetime) -> list[Write]:
        uid = webhook.owner_id
        if webhook.company_id:
            company = self._db.get(f"companies/{webhook.company_id}")
            uid = company.data.get("ownerUid") or ""
        user = self._db.get(f"users/{uid}") if uid else None
        if user is None or not user.exists:
            return []
        return notice_writes(
            uid,
            NotificationType.WEBHOOK_DISABLED,
            f"webhook-{webhook.id}-{at:%Y%m%d%H%M%S}",
            at,
            muted=muted(user.data),
            params={"host": urlsplit(webhook.url).hostname or ""},
            link=f"/api/webhooks/{webhook.id}",
            company_id=webhook.company_id,
        )


def _judgement(webhook: Webhook, answer: Answer, at: datetime) -> dict[str, object]:
    """The fields of the webhook that an attempt changes."""
    since = webhook.failing_since
    if answer.ok:
        return {} if since is None else {"failingSince": None}
    if answer.status == _GONE:
        reason = DisabledReason.GONE
    elif since is None:
        return {"failingSince": at}
    elif at - since < FAILING:
        return {}
    else:
        reason = DisabledReason.FAILING
    return {"enabled": False, "disabledReason": reason, "updatedAt": at}


def _is_due(delivery: Delivery, at: datetime) -> bool:
    """Raises NotYet if it soon is."""
    if delivery.status is not DeliveryStatus.PENDING:
        return False
    if delivery.lease_until is not None and delivery.lease_until > at:
        raise NotYet("another worker makes the attempt")
    early = (delivery.next_try_at or at) - at
    if timedelta(0) < early <= _EARLY:
        raise NotYet("the attempt is not due yet")
    return early <= timedelta(0)


def _wait(tries: int, answer: Answer) -> timedelta:
    """Before the attempt that follows `tries`."""
    planned = PLAN[tries] * _spread.uniform(1 - _JITTER, 1 + _JITTER)
    return max(planned, timedelta(seconds=answer.retry_after))
