"""Webhooks over HTTP. No API key can call any of this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.errors import CompanyNotFound, Forbidden, GuestNotAllowed
from troupe.paging import BadCursor, PageTooDeep
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.webhooks import schemas
from troupe.webhooks.errors import (
    DeliveryInProgress,
    DeliveryNotFound,
    OnlyOfCompanies,
    TooManyWebhooks,
    WebhookDisabled,
    WebhookNotFound,
    WebhooksNotConfigured,
)

if TYPE_CHECKING:
    from troupe.caller import Caller
    from troupe.webhooks.service import Webhooks

api = Api("webhooks", "Webhooks")


@api.post(
    "/api/webhooks",
    status=201,
    data=schemas.WebhookSecret,
    errors=(
        GuestNotAllowed,
        CompanyNotFound,
        Forbidden,
        OnlyOfCompanies,
        TooManyWebhooks,
        WebhooksNotConfigured,
    ),
    headers=("Location",),
    limit="webhook",
)
def create_webhook(body: schemas.CreateWebhook, caller: Caller, webhooks: Webhooks) -> Reply:
    """Creates a webhook: from now on, a server of yours is sent what happens to your work, or to
    that of a company that you manage, signed as Standard Webhooks says. At most 10 each."""
    made = webhooks.create(caller, body.company_id, body.url, body.events)
    data = schemas.WebhookSecret(webhook=schemas.WebhookView.of(made), secret=webhooks.secret(made))
    location = {"Location": f"/api/webhooks/{made.id}"}
    return Reply(data, "Webhook created successfully", headers=location)


@api.get("/api/webhooks", data=schemas.WebhookList, errors=(CompanyNotFound, Forbidden))
def list_webhooks(query: schemas.WebhooksQuery, caller: Caller, webhooks: Webhooks) -> Reply:
    """Lists your webhooks, or those of a company, newest first."""
    found = webhooks.all(caller, query.company_id)
    data = schemas.WebhookList(webhooks=[schemas.WebhookView.of(each) for each in found])
    return Reply(data, "Webhooks fetched successfully")


@api.get(
    "/api/webhooks/<webhookId>",
    auth=Auth.OWNER,
    data=schemas.WebhookData,
    errors=(WebhookNotFound,),
)
def get_webhook(path: schemas.WebhookPath, caller: Caller, webhooks: Webhooks) -> Reply:
    """Returns a webhook, and since when it fails."""
    found = webhooks.get(caller, path.webhook_id)
    data = schemas.WebhookData(webhook=schemas.WebhookView.of(found))
    return Reply(data, "Webhook fetched successfully")


@api.put(
    "/api/webhooks/<webhookId>",
    auth=Auth.OWNER,
    data=schemas.WebhookData,
    errors=(WebhookNotFound, OnlyOfCompanies),
    limit="webhook",
)
def update_webhook(
    path: schemas.WebhookPath, body: schemas.UpdateWebhook, caller: Caller, webhooks: Webhooks
) -> Reply:
    """Changes the address or the events of a webhook, or enables it again. Events of a disabled one
    are kept for 30 days: `recoverWebhook` sends them."""
    changed = webhooks.update(caller, path.webhook_id, body.changes)
    data = schemas.WebhookData(webhook=schemas.WebhookView.of(changed))
    return Reply(data, "Webhook updated successfully")


@api.delete("/api/webhooks/<webhookId>", auth=Auth.OWNER, errors=(WebhookNotFound,))
def delete_webhook(path: schemas.WebhookPath, caller: Caller, webhooks: Webhooks) -> Reply:
    """Deletes a webhook and the record of what was delivered."""
    webhooks.delete(caller, path.webhook_id)
    return Reply(message="Webhook deleted successfully")


@api.get(
    "/api/webhooks/<webhookId>/secret",
    auth=Auth.OWNER,
    data=schemas.SecretData,
    errors=(WebhookNotFound, WebhooksNotConfigured),
)
def webhook_secret(path: schemas.WebhookPath, caller: Caller, webhooks: Webhooks) -> Reply:
    """Returns the secret that the events are signed with."""
    secret = webhooks.secret(webhooks.get(caller, path.webhook_id))
    return Reply(schemas.SecretData(secret=secret), "Secret fetched successfully")


@api.post(
    "/api/webhooks/<webhookId>/rotate",
    auth=Auth.OWNER,
    data=schemas.SecretData,
    errors=(WebhookNotFound, WebhooksNotConfigured),
    limit="webhook",
)
def rotate_webhook(path: schemas.WebhookPath, caller: Caller, webhooks: Webhooks) -> Reply:
    """Gives a webhook a new secret. For 24 hours, events are signed with the one before, too."""
    changed = webhooks.rotate(caller, path.webhook_id)
    data = schemas.SecretData(secret=webhooks.secret(changed))
    return Reply(data, "Secret rotated successfully")


@api.post(
    "/api/webhooks/<webhookId>/test",
    auth=Auth.OWNER,
    status=202,
    data=schemas.DeliveryData,
    errors=(WebhookNotFound, WebhooksNotConfigured),
    limit="webhook",
)
def test_webhook(path: schemas.WebhookPath, caller: Caller, webhooks: Webhooks) -> Reply:
    """Sends the event `webhook.test`, once. The deliveries show what became of it."""
    sent = webhooks.test(caller, path.webhook_id)
    data = schemas.DeliveryData(delivery=schemas.DeliveryView.of(sent))
    return Reply(data, "Test event is being sent")


@api.get(
    "/api/webhooks/<webhookId>/deliveries",
    auth=Auth.OWNER,
    data=schemas.DeliveryList,
    errors=(WebhookNotFound, BadCursor, PageTooDeep),
)
def deliveries(
    path: schemas.WebhookPath,
    query: schemas.DeliveriesQuery,
    caller: Caller,
    webhooks: Webhooks,
) -> Reply:
    """Lists what was sent to a webhook in the last 30 days, newest first, with every attempt. What
    the receiver answered is not kept, only the status."""
    page, found = webhooks.deliveries(caller, path.webhook_id, query, query.status)
    data = schemas.DeliveryList(deliveries=[schemas.DeliveryView.of(each) for each in page])
    meta = query.meta(found.total, found.next_cursor)
    return Reply(data, "Deliveries fetched successfully", meta=meta)


@api.post(
    "/api/webhooks/<webhookId>/deliveries/<deliveryId>/replay",
    auth=Auth.OWNER,
    status=202,
    data=schemas.DeliveryData,
    errors=(WebhookNotFound, DeliveryNotFound, DeliveryInProgress),
    limit="webhook",
)
def replay_delivery(path: schemas.DeliveryPath, caller: Caller, webhooks: Webhooks) -> Reply:
    """Sends an event once more, with the same id and a new signature."""
    sent = webhooks.replay(caller, path.webhook_id, path.delivery_id)
    data = schemas.DeliveryData(delivery=schemas.DeliveryView.of(sent))
    return Reply(data, "Event is being sent again")


@api.post(
    "/api/webhooks/<webhookId>/recover",
    auth=Auth.OWNER,
    status=202,
    data=schemas.Recovered,
    errors=(WebhookNotFound, WebhookDisabled),
    limit="webhook",
)
def recover_webhook(
    path: schemas.WebhookPath, body: schemas.RecoverWebhook, caller: Caller, webhooks: Webhooks
) -> Reply:
    """Sends all events since a time again that failed, or happened while the webhook was
    disabled, the oldest first; at most 200 at a time."""
    count = webhooks.recover(caller, path.webhook_id, body.since, body.until)
    return Reply(schemas.Recovered(count=count), "Events are being sent again")
