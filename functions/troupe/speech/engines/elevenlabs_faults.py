"""What goes wrong in calls to ElevenLabs, for speech and for transcription."""

from __future__ import annotations

import httpx
from elevenlabs.core.api_error import ApiError

from troupe.speech.engines.remote import Fault, no_credit, status_fault, timed_out, unavailable
from troupe.speech.errors import SpeechError

FULL = "voice_limit_reached"  # the error of an account without room for another voice


def status_of(error: ApiError) -> str:
    """The name of the error: `{"detail": {"status": …}}`, or `code` in newer responses."""
    detail = error.body.get("detail") if isinstance(error.body, dict) else None
    named = detail if isinstance(detail, dict) else {}
    return str(named.get("status") or named.get("code") or "")


def explain(error: Exception, unusable: SpeechError) -> Fault | None:
    """None: the error is a bug. `unusable`: the fault of a response that is not JSON."""
    if isinstance(error, SpeechError):
        return Fault(error)
    if isinstance(error, ApiError):
        return _refusal(error, unusable)
    if isinstance(error, httpx.TimeoutException):
        return Fault(timed_out())
    if isinstance(error, httpx.TransportError | httpx.DecodingError):
        return Fault(unavailable())
    return None


def _refusal(error: ApiError, unusable: SpeechError) -> Fault:
    named = status_of(error)
    if named == "quota_exceeded":  # sent with status 401
        return Fault(no_credit())
    if named == FULL:
        message = "The ElevenLabs account has no room for another cloned voice."
        return Fault(SpeechError("engine_voices_full", message, retryable=False))
    if error.status_code is not None and error.status_code != 200:
        return status_fault(error.status_code, error.headers or {})
    return Fault(unusable)
