"""Accounts: identity, sessions, profiles, and leaving."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="accounts",
    endpoints={"auth": ("troupe.accounts.endpoints",)},
    chores={"deletions": "deletions.sweep"},
    limits={
        "login": Limit(
            "10/900, 100/900",
            "rate limit: failed sign-ins of an account (10 in 900 seconds), and sign-ins from an "
            "address; `0` is no limit",
        ),
        "register": Limit("5/3600, 30/3600", "registrations, likewise"),
        "guest": Limit("0, 30/3600", "new guests, who have no account yet"),
        "mail": Limit("5/3600, 30/3600", "mails with codes"),
    },
)
