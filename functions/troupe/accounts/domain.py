"""Accounts: identity, sessions, profiles, and leaving."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="accounts",
    endpoints={"auth": ("troupe.accounts.endpoints",)},
    chores={"deletions": "deletions.sweep"},
    limits={
        "login": "10/900, 100/900",
        "register": "5/3600, 30/3600",
        "guest": "0, 30/3600",
        "mail": "5/3600, 30/3600",
    },
)
