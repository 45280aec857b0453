"""Text messages by any gateway that speaks this protocol (docs/call-invitations.md).

A message is `POST SMS_URL` with `{"id", "to", "text"}` and a bearer token. 2xx: the gateway has it,
and may answer with its own `{"id"}`. A reply comes as `{"from", "text"}`, signed with the same
token as `t=SECONDS,v1=HEX`: the HMAC-SHA256 of `SECONDS.BODY`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from typing import Any

from troupe.messengers.engines.http import field, post
from troupe.messengers.keywords import wish_of
from troupe.messengers.messenger import (
    BadSignature,
    Message,
    MessageError,
    Received,
    invalid_recipient,
    opted_out,
    refused,
)

_SIGNATURE_SECONDS = 300  # how old a signature may be
_SIGNATURE = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")
_LEAST_TOKEN = 32  # bytes


class GatewayMessenger:
    name = "http"

    def __init__(self, url: str, token: str) -> None:
        local = url.startswith(("http://127.0.0.1", "http://localhost"))
        if not url.startswith("https://") and not local:
            raise ValueError("SMS_URL must begin with https://")
        if len(token.encode()) < _LEAST_TOKEN:
            raise ValueError(f"SMS_TOKEN must be at least {_LEAST_TOKEN} bytes")
        self._url = url
        self._token = token

    def send(self, message: Message) -> str:
        """Raises MessageError."""
        answer = post(
            self._url,
            deadline=message.deadline,
            refusal=_refusal,
            headers={"Authorization": f"Bearer {self._token}", "Idempotency-Key": message.id},
            body={"id": message.id, "to": message.to, "text": message.text},
        )
        return field(answer, "id")

    def receive(self, body: bytes, headers: Mapping[str, str]) -> Received:
        found = _SIGNATURE.fullmatch(headers.get("x-troupe-signature", ""))
        if found is None or abs(time.time() - int(found[1])) > _SIGNATURE_SECONDS:
            raise BadSignature
        if not hmac.compare_digest(signed(self._token, int(found[1]), body), found[2]):
            raise BadSignature
        try:
            said = json.loads(body)
        except (ValueError, RecursionError):
            said = None
        return Received(field(said, "from"), wish_of(field(said, "text")))

    def close(self) -> None:
        """No connection is kept."""


def signed(token: str, at: int, body: bytes) -> str:
    """The signature of a reply, in hex. `at`: in seconds since 1970."""
    return hmac.new(token.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def _refusal(status: int, answer: Any) -> MessageError:
    """A gateway may say why in `code`."""
    reasons = {"invalid_recipient": invalid_recipient, "recipient_opted_out": opted_out}
    reason = reasons.get(field(answer, "code"))
    return reason() if reason else refused(str(status))
