"""Accounts: identity, sessions, profiles and account deletion."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="accounts",
    endpoints={"auth": ("troupe.accounts.endpoints", "troupe.accounts.google_endpoints")},
    exporters={"account": "troupe.accounts.lifecycle:export"},
    chores={"guests": "guest_cleanup.sweep", "deletions": "deletions.sweep"},
    limits={
        "login": Limit(
            "10/900, 100/900, 50/3600",
            "rate limit: failed sign-ins per account and IP address (10 in 900 seconds), sign-ins "
            "per IP address, and failed sign-ins per account from everywhere, which slow down "
            "unknown devices; `0` means no limit",
        ),
        "register": Limit("5/3600, 30/3600", "registrations, per email address and per IP address"),
        "guest": Limit(
            "0, 30/3600", "new guests, per IP address only, because they have no account yet"
        ),
        "firebase_token": Limit("60/3600, 600/3600", "tokens to listen with the Firebase SDK"),
        "mail": Limit("5/3600, 30/3600", "emails with codes, per email address and per IP address"),
    },
)
