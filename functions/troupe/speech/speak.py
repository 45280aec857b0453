"""Any text, spoken by any engine, a few sentences at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from troupe.speech import planner
from troupe.speech.engine import Speech, SpeechEngine, SpeechError, SpeechRequest, Voice
from troupe.speech.words import estimate_words

__all__ = ["estimate_words", "part_key", "speak"]

# Between two utterances. Short enough that captions, which end with the last word, end within
# 0.3 s of the sound.
PAUSE_SECONDS = 0.25
_SILENT = 100  # of 32767


def speak(engine: SpeechEngine, text: str, voice: Voice) -> Iterator[Speech]:
    """Speak plain `text` (see `planner.plain_text`) as one Speech per utterance, in order.

    Word timings count from the first sample of their own Speech. Each ends in at least
    PAUSE_SECONDS of silence, so that they can be joined as they are. Utterances that the engine
    finds nothing to say in are left out; SpeechError("nothing_to_speak") when all are.
    """
    spoken = False
    limit = engine.capabilities.max_characters
    for _, utterance in planner.utterances(text, voice.language, limit):
        try:
            speech = engine.synthesize(SpeechRequest(utterance, voice))
        except SpeechError as error:
            if error.code != "nothing_to_speak":
                raise
            continue
        spoken = True
        yield _with_pause(speech)
    if not spoken:
        raise SpeechError("nothing_to_speak", "there is nothing to say", retryable=False)


def _with_pause(speech: Speech) -> Speech:
    wanted = round(PAUSE_SECONDS * speech.rate)
    tail = speech.samples[-wanted:].astype(np.int32)
    loud = np.flatnonzero(np.abs(tail) > _SILENT)
    silence = len(tail) - int(loud[-1]) - 1 if len(loud) else len(tail)
    if silence >= wanted:
        return speech
    padding = np.zeros(wanted - silence, np.int16)
    return replace(speech, samples=np.concatenate([speech.samples, padding]))


def part_key(owner: str, engine: SpeechEngine, voice: Voice, text: str) -> str:
    """SHA-256 in hex of all that the sound of a part depends on, and of whose it is: parts of one
    owner are never found by another."""
    content = [
        owner,
        [engine.name, engine.version, planner.VERSION],
        [voice.language, voice.type.value, voice.style, float(voice.speed)],
        text,
    ]
    # A JSON list, for joined strings could be read in two ways.
    return hashlib.sha256(json.dumps(content, allow_nan=False).encode()).hexdigest()
