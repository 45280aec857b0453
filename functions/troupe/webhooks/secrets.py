"""The signing secrets of webhooks, which are computed and stored nowhere.

HMAC-SHA256 with a random key is a pseudorandom function, so each webhook and version gets a secret
that says nothing about the others.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook as Signer

PREFIX = "whsec_"


def secret_of(master: str, webhook_id: str, version: int) -> str:
    """As receivers enter it."""
    name = f"webhook:{webhook_id}:{version}"
    made = hmac.digest(master.encode(), name.encode(), "sha256")
    return PREFIX + base64.b64encode(made).decode()


def signed_headers(
    secrets: Sequence[str], event_id: str, at: datetime, body: str
) -> dict[str, str]:
    """The headers of Standard Webhooks. `at`: in UTC, which is all that the library knows."""
    signatures = [Signer(secret).sign(event_id, at, body) for secret in secrets]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
