"""The interface of messengers, which send a text to a phone or a mailbox, and how they fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from troupe.errors import BadRequest, WorkError

Wish = Literal["stop", "start"]


class MessageError(WorkError):
    """A messenger has not sent a message, or (`uncertain`) does not know whether it has. It is
    retryable if it is certain, and another attempt may succeed."""

    def __init__(
        self, code: str, message: str, *, retryable: bool = False, uncertain: bool = False
    ) -> None:
        self.uncertain = uncertain
        super().__init__(code, message, retryable=retryable)


class BadSignature(BadRequest):
    code = "bad_sms_signature"
    details_type = None
    message = "The request is not signed by the service that sends our messages, or too long ago."


@dataclass(frozen=True, slots=True)
class Message:
    """`to`: a number in E.164, or an email address. `id`: the sender's own, in letters and digits,
    by which a service can tell a repeated message. `subject`: for mails. `deadline`: of
    time.monotonic, for all attempts."""

    id: str
    to: str
    text: str
    deadline: float
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """A message from a phone. `wish`: None if it asks for neither."""

    number: str
    wish: Wish | None


class Messenger(Protocol):
    """Thread-safe."""

    @property
    def name(self) -> str: ...

    def send(self, message: Message) -> str:
        """Sends a message once, and returns the id that the service has given it, "" for none.
        Tries again only after failures before which nothing can have been sent. Raises
        MessageError."""
        ...

    def close(self) -> None: ...


class TextMessenger(Messenger, Protocol):
    """Sends to phones, which may answer."""

    def receive(self, body: bytes, headers: Mapping[str, str]) -> Received:
        """The message in a request of the service. `headers`: by names in lower case. Raises
        BadSignature."""
        ...


def unavailable(message: str = "The message service cannot be reached.") -> MessageError:
    return MessageError("messenger_unavailable", message, retryable=True)


def uncertain() -> MessageError:
    return MessageError(
        "delivery_unknown",
        "The message service did not say whether it sent the message.",
        uncertain=True,
    )


def rejected_key(status: int) -> MessageError:
    return MessageError(
        "messenger_auth_failed", f"The message service rejected our key ({status})."
    )


def rate_limited() -> MessageError:
    return MessageError(
        "messenger_rate_limited",
        "The message service is receiving too many requests.",
        retryable=True,
    )


def refused(detail: str) -> MessageError:
    return MessageError("message_refused", f"The message service refused the message ({detail}).")


def invalid_recipient() -> MessageError:
    return MessageError("invalid_recipient", "No message can be sent to this number or address.")


def opted_out() -> MessageError:
    return MessageError("recipient_opted_out", "The recipient does not want any messages.")
