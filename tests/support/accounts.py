"""For tests of sign-ins: a device, and a user who registers with it."""

from __future__ import annotations

import secrets
from typing import Any

from tests.support.firebase_client import PASSWORD, new_email
from troupe.accounts.service import Accounts, SignedIn
from troupe.caller import Device, Source

DEVICE = Device("a test", (Source("198.51.100.7"),))


def new_address() -> str:
    """An IP address, of a network of its own: a run needs hundreds, and no two may be alike."""
    return f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"


def register(accounts: Accounts, **changes: Any) -> SignedIn:
    given: dict[str, Any] = {
        "email": new_email(),
        "password": PASSWORD,
        "name": "Ada",
        "username": None,
        "picture": None,
        "device": DEVICE,
    }
    return accounts.register(**(given | changes))


def bearer(token: str) -> str:
    return f"Bearer {token}"
