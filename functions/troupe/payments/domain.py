"""Payments: Stripe, add-ons, and payments by hand."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="payments",
    endpoints={"payments": ("troupe.payments.endpoints", "troupe.payments.admin_endpoints")},
    erasers={"billing": "troupe.payments.lifecycle:erase"},
    exporters={"billing": "troupe.payments.lifecycle:export"},
    chores={
        "billing": "billing_sync.sync_due",
        "overdue_payments": "manual_payments.mark_overdue",
    },
    limits={
        "checkout": Limit("20/3600, 100/3600", "checkout sessions"),
        "billing": Limit("60/600, 300/600", "requests that ask Stripe: status, portal, quotes"),
    },
)
