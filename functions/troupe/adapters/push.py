"""Firebase Cloud Messaging."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import firebase_admin

from troupe.adapters.lazy import LazyModule
from troupe.adapters.outages import RETRY_AFTER
from troupe.errors import Unavailable
from troupe.logs import log

if TYPE_CHECKING:
    from firebase_admin import messaging
else:
    messaging = LazyModule("firebase_admin.messaging")

_AT_ONCE = 100  # the SDK starts a thread for each message


@dataclass(frozen=True, slots=True)
class Message:
    """For one device. A message with the same `tag` replaces the one before on its screen."""

    token: str
    title: str
    body: str
    tag: str
    data: Mapping[str, str] = field(default_factory=dict)


class FcmPush:
    def __init__(self, app: firebase_admin.App) -> None:
        self._app = app

    def send(self, messages: list[Message]) -> set[str]:
        """Sends the messages; returns the tokens that are no longer valid. Raises Unavailable if
        none could be sent, for any other reason."""
        dead: set[str] = set()
        errors: list[Exception] = []
        for start in range(0, len(messages), _AT_ONCE):
            batch = messages[start : start + _AT_ONCE]
            answers = messaging.send_each([_message(each) for each in batch], app=self._app)
            for message, answer in zip(batch, answers.responses, strict=True):
                if isinstance(answer.exception, messaging.UnregisteredError):
                    dead.add(message.token)
                elif answer.exception is not None:
                    errors.append(answer.exception)
        if errors:
            log.warning("push_failed", messages=len(errors), reason=str(errors[0])[:300])
        if errors and len(errors) + len(dead) == len(messages):
            raise Unavailable(retry_after=RETRY_AFTER) from errors[0]
        return dead


def _message(message: Message) -> Any:
    with warnings.catch_warnings():
        # It prefers installation IDs, which need newer SDKs in the apps than tokens do.
        warnings.simplefilter("ignore", DeprecationWarning)
        return _to_token(message)


def _to_token(message: Message) -> Any:
    return messaging.Message(
        token=message.token,
        notification=messaging.Notification(title=message.title, body=message.body),
        data=dict(message.data),
        android=messaging.AndroidConfig(
            collapse_key=message.tag,
            notification=messaging.AndroidNotification(tag=message.tag),
        ),
        apns=messaging.APNSConfig(headers={"apns-collapse-id": message.tag[:64]}),
        webpush=messaging.WebpushConfig(
            notification=messaging.WebpushNotification(tag=message.tag)
        ),
    )
