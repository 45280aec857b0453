"""Speaks a passage with any engine, a few sentences at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, replace

import numpy as np

from troupe.speech.audible import audible
from troupe.speech.catalogue import MAX_SPEED, MIN_SPEED
from troupe.speech.engine import Speech, SpeechEngine, SpeechRequest, Voice, WordTiming
from troupe.speech.errors import SpeechError
from troupe.speech.text.reading import Passage, as_written

# Part of the cache key of spoken parts. Increase it when the sound changes in another way than by
# what is said.
_VERSION = "2"


def speak(engine: SpeechEngine, passage: Passage, voice: Voice) -> Iterator[Speech]:
    """Speak a passage, yielding one Speech per utterance, in order.

    The words are those of the source, as written. Their timings are relative to their own Speech.
    Each Speech ends with its pause, ready to be joined. Utterances with nothing to speak are left
    out. Raises SpeechError, with "nothing_to_speak" if all are left out.
    """
    asked = voice.speed
    voice = replace(voice, speed=min(max(asked, MIN_SPEED), MAX_SPEED))
    spoken = False
    silence = 0.0  # before the first word
    for utterance in passage.utterances:
        if not utterance.text:
            silence += utterance.pause
            continue
        request = SpeechRequest(utterance.text, voice, utterance.phonemes, utterance.prosody)
        try:
            speech = engine.synthesize(request)
        except SpeechError as error:
            if error.code != "nothing_to_speak":
                raise
            continue
        spoken = True
        if asked != voice.speed:
            speech = _at_pace(speech, asked / voice.speed)
        speech = _with_pause(speech, utterance.pause)
        speech = replace(speech, words=as_written(utterance, speech.words))
        yield _later(speech, silence) if silence else speech
        silence = 0.0
    if not spoken:
        raise SpeechError("nothing_to_speak", "There is nothing to speak.", retryable=False)


def _at_pace(speech: Speech, times: float) -> Speech:
    """`times` as fast, where no engine goes."""
    from troupe.speech.tempo import faster  # noqa: PLC0415 (hardly any text needs it)

    words = tuple(
        replace(word, start=word.start / times, end=word.end / times) for word in speech.words
    )
    return replace(speech, samples=faster(speech.samples, speech.rate, times), words=words)


def _later(speech: Speech, silence: float) -> Speech:
    """With `silence` seconds before it."""
    samples = np.concatenate([np.zeros(round(silence * speech.rate), np.int16), speech.samples])
    words = tuple(
        replace(word, start=word.start + silence, end=word.end + silence) for word in speech.words
    )
    return replace(speech, samples=samples, words=words)


def _with_pause(speech: Speech, pause: float) -> Speech:
    """Adds or cuts silence so that the sound ends `pause` seconds after the last audible one. Sound
    after the reported end of the last word counts as part of that word."""
    loud = audible(speech.samples)
    *before, last = speech.words or (WordTiming("", 0.0, 0.0),)
    heard = max(int(loud[-1]) + 1 if len(loud) else 0, round(last.end * speech.rate))
    end = heard + round(pause * speech.rate)
    padding = np.zeros(max(0, end - len(speech.samples)), np.int16)
    words = (*before, replace(last, end=heard / speech.rate)) if speech.words else ()
    samples = np.concatenate([speech.samples[:end], padding])
    return replace(speech, samples=samples, words=words)


def part_key(owner: str, engine: SpeechEngine, voice: Voice, passage: Passage) -> str:
    """SHA-256 in hex of everything the sound and the words of a part depend on, and of the owner,
    so that one owner's parts are never found by another."""
    content = [
        owner,
        [engine.name, engine.version, _VERSION],
        [voice.language, voice.type.value, voice.style, float(voice.speed)],
        [
            [
                *(said.text, said.pause, [asdict(each) for each in said.phonemes]),
                *(asdict(said.prosody), [[w.text, w.start, w.end, w.border] for w in said.words]),
            ]
            for said in passage.utterances
        ],
    ]
    if voice.id:
        content.append(voice.id)
    if engine.capabilities.cloning and voice.reference is not None:
        content += [
            [voice.reference.sha256, voice.reference.text],
            [voice.nfe_steps, float(voice.cross_fade_seconds), voice.remove_silences],
        ]
    # A JSON list, because joined strings would be ambiguous.
    return hashlib.sha256(json.dumps(content, allow_nan=False).encode()).hexdigest()
