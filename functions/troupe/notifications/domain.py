"""Notifications: what happened that a user should know."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="notifications",
    endpoints={"companies": ("troupe.notifications.endpoints",)},
    erasers={"notifications": "troupe.notifications.lifecycle:erase"},
    exporters={"notifications": "troupe.notifications.lifecycle:export"},
    chores={
        "notifications": "notifications.expire",
        "pushes": "pushes.send_due",
    },
    limits={"device": Limit("30/3600, 100/3600", "devices registered for notifications")},
)
