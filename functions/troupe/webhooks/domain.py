"""Webhooks: events that are sent to servers of users and companies."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="webhooks",
    endpoints={"developers": ("troupe.webhooks.endpoints",)},
    erasers={"webhooks": "troupe.webhooks.lifecycle:erase"},
    exporters={"webhooks": "troupe.webhooks.lifecycle:export"},
    chores={
        "webhook_events": "webhook_outbox.sweep_events",
        "webhook_deliveries": "webhook_outbox.sweep_deliveries",
        "old_webhook_deliveries": "webhooks.expire",
    },
    limits={
        "webhook": Limit(
            "60/3600, 300/3600", "webhooks created, changed, tested, and events sent again"
        ),
    },
)
