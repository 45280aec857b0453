"""What goes wrong in calls to an OpenAI-compatible server, for speech and for transcription."""

from __future__ import annotations

import time

import httpx2
import openai

from troupe.speech.engines.remote import Fault, no_credit, status_fault, timed_out, unavailable


def timeout_until(deadline: float) -> httpx2.Timeout:
    """For an attempt that must end by `deadline` (time.monotonic). The read timeout limits each
    wait for bytes to half of the time that is left."""
    left = max(0.1, deadline - time.monotonic())
    return httpx2.Timeout(left, connect=min(5.0, left), read=left / 2)


def late() -> Exception:
    return httpx2.ReadTimeout("the response is too slow")


def explain(error: Exception) -> Fault | None:
    """None: the error is a bug."""
    if isinstance(error, openai.APIStatusError):
        # "insufficient_quota" is a 429 too, but waiting does not help.
        if error.code == "insufficient_quota":
            return Fault(no_credit())
        return status_fault(error.status_code, error.response.headers)
    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
        return Fault(timed_out())
    # While the body is streamed, the transport's own errors are raised.
    if isinstance(error, openai.APIConnectionError | httpx2.TransportError):
        return Fault(unavailable())
    return None
