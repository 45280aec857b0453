"""Sound for transcribers: speech by espeak-ng, and what is none. int16, mono, 16 kHz."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING

import av
import numpy as np

from troupe.media.audio import write_wav
from troupe.recognition.transcriber import RATE
from troupe.speech.engine import SpeechRequest, Voice, VoiceType
from troupe.speech.engines.espeak import EspeakEngine

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

SENTENCE = "The weather in the mountains is very good today."


@cache
def spoken(text: str = SENTENCE, language: str = "en-us", before: float = 0.5) -> Samples:
    """Speech after `before` seconds of silence, and half a second of it at the end."""
    voice = Voice(language, VoiceType.MALE, "neutral", speed=0.9)
    engine = EspeakEngine()
    speech = engine.synthesize(SpeechRequest(text, voice))
    engine.close()
    frame = av.AudioFrame.from_ndarray(speech.samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = speech.rate
    resampler = av.AudioResampler("s16", "mono", RATE)
    chunks = [each.to_ndarray()[0] for part in (frame, None) for each in resampler.resample(part)]
    return np.concatenate([silence(before), *chunks, silence(0.5)])


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.int16)


def noise(seconds: float, level: float = 0.05) -> Samples:
    values = np.random.default_rng(1).standard_normal(round(seconds * RATE)) * level
    return (np.clip(values, -1, 1) * 32767).astype(np.int16)


def music(seconds: float) -> Samples:
    """A chord, struck twice a second."""
    at = np.arange(round(seconds * RATE)) / RATE
    chord = sum(np.sin(2 * np.pi * tone * at) for tone in (261.6, 329.6, 392.0, 523.3))
    return (chord * np.exp(-3 * (at * 2 % 1)) * 4000).astype(np.int16)


def wav(samples: Samples, rate: int = RATE) -> bytes:
    file = io.BytesIO()
    write_wav(file, rate, [samples])
    return file.getvalue()
