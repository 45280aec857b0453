"""Plans and subscriptions."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="plans",
    endpoints={"plans": ("troupe.plans.endpoints",)},
    erasers={"subscription": "troupe.plans.lifecycle:erase"},
    exporters={"subscription": "troupe.plans.lifecycle:export"},
    chores={"subscriptions": "renewals.renew_due"},
)
