"""What can go wrong with a translation, as the API reports it."""

from __future__ import annotations

from troupe.errors import TooManyRequests, Unavailable, Unprocessable


class TranslatorNotConfigured(Unavailable):
    code = "translator_not_configured"
    message = "This server does not translate: TRANSLATOR is off, or one of its settings is wrong."


class TranslatorUnavailable(Unavailable):
    code = "translator_unavailable"
    message = "The translator is not responding. Please try again later."


class TranslatorBusy(TooManyRequests):
    code = "translator_busy"
    message = "The translator is overloaded. Please try again later."


class TranslationTimeout(Unavailable):
    code = "translation_timeout"
    message = "The translation took too long. Please try again, or send less text."


class TranslationFailed(Unprocessable):
    code = "translation_failed"
    message = "The translator cannot translate this text."


class StyleNotOffered(Unprocessable):
    code = "style_not_offered"
    message = "This server's translator takes no style. Leave `style` out."


TRANSLATOR_ERRORS = (
    TranslatorNotConfigured,
    TranslatorUnavailable,
    TranslatorBusy,
    TranslationTimeout,
    TranslationFailed,
)
