"""Speaks any text with any engine, a few sentences at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from troupe.speech.engine import Speech, SpeechEngine, SpeechRequest, Voice, WordTiming
from troupe.speech.errors import SpeechError
from troupe.speech.text import planner
from troupe.speech.text.words import estimate_words

__all__ = ["estimate_words", "part_key", "speak"]

# Between utterances. Short enough that captions, which end with the last word, end within 0.3 s of
# the audio.
PAUSE_SECONDS = 0.2
_SILENT = 100  # of 32767


def speak(engine: SpeechEngine, text: str, voice: Voice) -> Iterator[Speech]:
    """Speak plain `text` (see `planner.plain_text`), yielding one Speech per utterance, in order.

    Word timings are relative to their own Speech. Each Speech ends with PAUSE_SECONDS of silence,
    ready to be joined. Utterances with nothing to speak are left out. Raises SpeechError, with
    "nothing_to_speak" if all are left out.
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
        raise SpeechError("nothing_to_speak", "There is nothing to speak.", retryable=False)


def _with_pause(speech: Speech) -> Speech:
    """Adds or cuts silence so that the sound ends PAUSE_SECONDS after the last audible one. Sound
    after the reported end of the last word counts as part of that word."""
    loud = np.flatnonzero(np.abs(speech.samples.astype(np.int32)) > _SILENT)
    *before, last = speech.words or (WordTiming("", 0.0, 0.0),)
    heard = max(int(loud[-1]) + 1 if len(loud) else 0, round(last.end * speech.rate))
    end = heard + round(PAUSE_SECONDS * speech.rate)
    padding = np.zeros(max(0, end - len(speech.samples)), np.int16)
    words = (*before, replace(last, end=heard / speech.rate)) if speech.words else ()
    samples = np.concatenate([speech.samples[:end], padding])
    return replace(speech, samples=samples, words=words)


def part_key(
    owner: str, engine: SpeechEngine, voice: Voice, text: str, dictionary: str | None = None
) -> str:
    """SHA-256 in hex of everything the sound of a part depends on, and of the owner, so that one
    owner's parts are never found by another. `dictionary`: the hash of the one that is applied."""
    content = [
        owner,
        [engine.name, engine.version, planner.VERSION],
        [voice.language, voice.type.value, voice.style, float(voice.speed)],
        text,
    ]
    if engine.capabilities.cloning and voice.reference is not None:
        content += [
            [voice.reference.sha256, voice.reference.text],
            [voice.nfe_steps, float(voice.cross_fade_seconds), voice.remove_silences],
        ]
    if dictionary is not None:
        content.append(["dictionary", dictionary])
    # A JSON list, because joined strings would be ambiguous.
    return hashlib.sha256(json.dumps(content, allow_nan=False).encode()).hexdigest()
