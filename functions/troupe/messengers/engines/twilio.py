"""Text messages by Twilio: https://www.twilio.com/docs/messaging/api/message-resource

Its API has no idempotency keys, so a request that may have arrived is not sent again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from troupe.messengers.engines.http import field, post
from troupe.messengers.keywords import wish_of
from troupe.messengers.messenger import (
    BadSignature,
    Message,
    MessageError,
    Received,
    Wish,
    invalid_recipient,
    opted_out,
    rate_limited,
    refused,
)

_ACCOUNT = re.compile(r"AC[0-9a-f]{32}")
_MOST_FIELDS = 100  # of a webhook; Twilio sends about thirty
# Numbers that get no message at all, or not from here: https://www.twilio.com/docs/api/errors
_INVALID = {"21211", "21214", "21217", "21265", "21408", "21612", "21614", "21635"}
_OPTED_OUT = "21610"
_QUEUE_FULL = {"20429", "21611"}
_WISHES: dict[str, Wish] = {"STOP": "stop", "START": "start"}


class TwilioMessenger:
    name = "twilio"

    def __init__(
        self, account: str, token: str, sender: str, webhook_url: str, base_url: str
    ) -> None:
        """`webhook_url`: the one that Twilio knows and signs; without it, replies are refused."""
        missing = [
            name
            for name, value in (("TWILIO_AUTH_TOKEN", token), ("SMS_SENDER", sender))
            if not value
        ]
        if missing:
            raise ValueError(f"SMS=twilio needs {' and '.join(missing)}")
        if not _ACCOUNT.fullmatch(account):
            raise ValueError("TWILIO_ACCOUNT_SID must be AC and 32 hexadecimal digits")
        self._url = f"{base_url.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"
        self._auth = (account, token)
        self._from = {"MessagingServiceSid" if sender.startswith("MG") else "From": sender}
        self._webhook_url = webhook_url

    def send(self, message: Message) -> str:
        """Raises MessageError."""
        form = {"To": message.to, "Body": message.text, **self._from}
        answer = post(
            self._url, deadline=message.deadline, refusal=_refusal, auth=self._auth, form=form
        )
        return field(answer, "sid")

    def receive(self, body: bytes, headers: Mapping[str, str]) -> Received:
        try:
            pairs = parse_qsl(
                body.decode(),
                keep_blank_values=True,
                max_num_fields=_MOST_FIELDS,
                errors="strict",
            )
        except ValueError:
            raise BadSignature from None
        expected = signed(self._auth[1], self._webhook_url, pairs)
        given = headers.get("x-twilio-signature", "").encode()
        if not self._webhook_url or not hmac.compare_digest(expected.encode(), given):
            raise BadSignature
        said = dict(pairs)
        # Set if Twilio itself has understood the message as one that stops or starts.
        wish = _WISHES.get(said.get("OptOutType", "")) or wish_of(said.get("Body", ""))
        return Received(said.get("From", ""), wish)

    def close(self) -> None:
        """No connection is kept."""


def signed(token: str, url: str, pairs: Iterable[tuple[str, str]]) -> str:
    """https://www.twilio.com/docs/usage/security#validating-requests"""
    text = url + "".join(name + value for name, value in sorted(set(pairs)))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def _refusal(status: int, answer: Any) -> MessageError:
    code = field(answer, "code")
    if code in _INVALID:
        return invalid_recipient()
    if code == _OPTED_OUT:
        return opted_out()
    if code in _QUEUE_FULL:
        return rate_limited()
    return refused(code or str(status))
