"""Messengers, one module each. Only the selected ones are imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from troupe.messengers.messenger import Messenger, TextMessenger
    from troupe.settings import Settings


def text_messenger(settings: Settings) -> TextMessenger | None:
    """The messenger selected by SMS; None for `off`. Raises ValueError if one of its settings is
    missing."""
    if settings.sms == "http":
        from troupe.messengers.engines.gateway import GatewayMessenger

        return GatewayMessenger(settings.sms_url, settings.sms_token)
    if settings.sms == "twilio":
        from troupe.messengers.engines.twilio import TwilioMessenger

        return TwilioMessenger(
            settings.twilio_account_sid,
            settings.twilio_auth_token,
            settings.sms_sender,
            settings.sms_webhook_url,
            settings.twilio_base_url,
        )
    return None


def mail_messenger(settings: Settings) -> Messenger | None:
    """The messenger selected by MAIL; None for `off`. Raises ValueError if one of its settings is
    missing."""
    if settings.mail == "smtp":
        from troupe.messengers.engines.smtp import SmtpMessenger

        return SmtpMessenger(settings.smtp_url, settings.mail_sender)
    return None
