"""The volume of speech, for all engines alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from troupe.speech.engine import Speech

_FULL = 32_767


def with_volume(speech: Speech, decibels: float) -> Speech:
    """Louder or softer; no louder than fits, so that nothing is clipped."""
    peak = int(np.abs(speech.samples.astype(np.int32)).max(initial=0))
    if not decibels or not peak:
        return speech
    factor = min(10 ** (decibels / 20), _FULL / peak)
    return replace(speech, samples=np.round(speech.samples * factor).astype(np.int16))
