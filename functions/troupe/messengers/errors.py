"""What can go wrong with messages, as the API reports it."""

from __future__ import annotations

from typing import Any, ClassVar

from typing_extensions import TypedDict

from troupe.errors import Unavailable


class LinkDetails(TypedDict):
    """`joinUrl`: the link that the message would have had, to pass on in another way."""

    joinUrl: str


class SmsNotConfigured(Unavailable):
    code = "sms_not_configured"
    message = "This server is not set up to send text messages."
    details_type: ClassVar[Any] = LinkDetails | None


class MailNotConfigured(Unavailable):
    code = "mail_not_configured"
    message = "This server is not set up to send email."
    details_type: ClassVar[Any] = LinkDetails | None
