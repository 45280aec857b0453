"""Words of a text with their times and borders, for the quality of captions."""

from __future__ import annotations

from functools import cache

from troupe.borders import parse_pauses
from troupe.speech.catalogue import capabilities
from troupe.speech.engine import Voice, VoiceType, WordTiming
from troupe.speech.engines.espeak import EspeakEngine
from troupe.speech.estimate import seconds_about
from troupe.speech.speak import speak
from troupe.speech.text.pieces import pieces
from troupe.speech.text.reading import Passage, Pauses, as_written, passage
from troupe.speech.text.words import estimate_words

_ESTIMATED = {"ja-kanji": "ja"}  # what espeak cannot read is not spoken


@cache
def _engine() -> EspeakEngine:
    return EspeakEngine()


def spoken(text: str, language: str) -> tuple[list[WordTiming], float]:
    """The words as written, with their times and what ends after them; and the length of the
    audio, in seconds."""
    code = _ESTIMATED.get(language, language)
    offer, pauses = capabilities("espeak"), Pauses.of(parse_pauses(""), {})
    said = passage(pieces(text, code), code, 1.0, offer, pauses, last=True)
    words: list[WordTiming] = []
    seconds = 0.0
    for part, length in _estimated(said, code) if language in _ESTIMATED else _spoken(said, code):
        words += (WordTiming(w.text, seconds + w.start, seconds + w.end, w.border) for w in part)
        seconds += length
    return words, seconds


Parts = list[tuple[tuple[WordTiming, ...], float]]


def _spoken(said: Passage, language: str) -> Parts:
    voice = Voice(language, VoiceType.FEMALE, "neutral")
    return [(speech.words, speech.seconds) for speech in speak(_engine(), said, voice)]


def _estimated(said: Passage, language: str) -> Parts:
    found = []
    for utterance in said.utterances:
        seconds = seconds_about(utterance.text, language, 1.0)
        words = as_written(utterance, estimate_words(utterance.text, seconds))
        found.append((words, seconds + utterance.pause))
    return found
