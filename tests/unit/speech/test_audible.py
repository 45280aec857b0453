from __future__ import annotations

import numpy as np
import pytest

from troupe.speech.audible import audible
from troupe.speech.engine import SpeechRequest, Voice, VoiceType
from troupe.speech.engines.remote import estimated

VOICE = Voice("en", VoiceType.MALE, "neutral")


@pytest.mark.parametrize("offset", [0, 500, -4_000])
def test_silence_is_found_whatever_the_offset(offset: int) -> None:
    """Both in the positions, and in the words that are spread over what is heard."""
    quiet = np.zeros(8_000, np.int16)
    heard = (6_000 * np.sin(np.arange(16_000) / 5)).astype(np.int16)
    samples = (np.concatenate([quiet, heard, quiet]) + offset).astype(np.int16)
    loud = audible(samples)
    assert loud[0] == pytest.approx(8_000, abs=10)
    assert loud[-1] == pytest.approx(24_000, abs=10)
    words = estimated(samples, 16_000, SpeechRequest("one two", VOICE)).words
    assert words[0].start == pytest.approx(0.5, abs=0.01)
    assert words[-1].end == pytest.approx(1.5, abs=0.01)


@pytest.mark.parametrize("constant", [0, 90, 5_000, -32_768, 32_767])
def test_a_constant_is_not_heard(constant: int) -> None:
    assert not len(audible(np.full(1_000, constant, np.int16)))


def test_no_samples_are_not_heard() -> None:
    assert not len(audible(np.zeros(0, np.int16)))
