"""How a speech engine fails."""

from __future__ import annotations

from troupe.errors import WorkError


class SpeechError(WorkError):
    """An engine failed. Retryable after a time-out, 429, 5xx or a lost connection; final after a
    rejected key, an unknown voice or a rejected text."""
