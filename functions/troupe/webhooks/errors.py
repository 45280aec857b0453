"""What can be wrong with webhooks and their deliveries."""

from __future__ import annotations

from troupe.errors import Conflict, NotFound, Unavailable, Unprocessable


class WebhookNotFound(NotFound):
    code = "webhook_not_found"
    message = "You don't have a webhook with this id."


class DeliveryNotFound(NotFound):
    code = "delivery_not_found"
    message = "This webhook has no delivery with this id."


class OnlyOfCompanies(Unprocessable):
    code = "only_of_companies"
    message = "Only companies have members: leave out member.joined and member.left."


class TooManyWebhooks(Conflict):
    code = "too_many_webhooks"
    message = "There are 10 webhooks already. Delete one that is not needed."


class DeliveryInProgress(Conflict):
    code = "delivery_in_progress"
    message = "This event is still being delivered. Wait until it is delivered or has failed."


class WebhookDisabled(Conflict):
    code = "webhook_disabled"
    message = "This webhook is disabled. Enable it first."


class WebhooksNotConfigured(Unavailable):
    code = "webhooks_not_configured"
    message = "This server has no webhooks: WEBHOOKS is off."


class NotYet(Exception):
    """The task should come again later: there is no room, or another worker is at it."""
