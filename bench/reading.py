"""Words of a text with their times and borders, for the quality of captions.

A stand-in until engines' words come with the borders of the reading layer: `spoken` is the one
place that then changes.
"""

from __future__ import annotations

import re
from functools import cache

from troupe.borders import Border
from troupe.speech.engine import Voice, VoiceType, WordTiming
from troupe.speech.engines.espeak import EspeakEngine
from troupe.speech.estimate import seconds_about
from troupe.speech.speak import estimate_words, speak
from troupe.speech.text.planner import plain_text, sentence_ends

_ESTIMATED = {"ja-kanji": "ja"}  # what espeak cannot read is not spoken
_COMMA = tuple(",;:—–،؛、，；：")  # noqa: RUF001 - commas of other scripts
_STOP = tuple('.!?…。！？»”"؟')  # noqa: RUF001
_MORE = re.compile(r"^\W*(?:No|para)\.$")  # which the planner takes for the end of a sentence
_MARKED = re.compile(r"(?:[-*+•]|\d+[.)]|\(\d+\))\s")


@cache
def _engine() -> EspeakEngine:
    return EspeakEngine()


def spoken(text: str, language: str) -> tuple[list[WordTiming], float]:
    """The words as written, with the white space after them, their times and what ends after them;
    and the length of the audio, in seconds."""
    marked = {line.strip(" -*+•#\t") for line in text.splitlines() if _MARKED.match(line)}
    heads = {line.lstrip("# ") for line in text.splitlines() if line.startswith("#")}
    scenes = "\n\n".join(text.split("\n\n* * *\n\n")[:-1])
    plain = plain_text(text)
    if language in _ESTIMATED:
        seconds = seconds_about(plain, _ESTIMATED[language], 1.0)
        words = list(estimate_words(plain, seconds - 0.2))
    else:
        words, seconds = [], 0.0
        voice = Voice(language, VoiceType.FEMALE, "neutral")
        for speech in speak(_engine(), plain, voice):
            words += (WordTiming(w.text, seconds + w.start, seconds + w.end) for w in speech.words)
            seconds += speech.seconds
    ends = frozenset(sentence_ends(plain, language))
    scene_end = len(plain_text(scenes)) if scenes else -1
    result, at = [], 0
    for word in words:
        at = plain.index(word.text, at) + len(word.text)
        space = plain[at : len(plain) - len(plain[at:].lstrip())]
        border: Border | None = None
        if "\n\n" in space or at == len(plain):
            block = plain[: at + 1].rstrip().rpartition("\n\n")[2]
            border = Border.PARAGRAPH
            if at == scene_end:
                border = Border.SCENE
            elif block in heads:
                border = Border.HEADING
            elif block in marked or _MARKED.match(block):
                border = Border.ITEM
        elif _MORE.search(word.text):
            border = None
        elif at in ends or (space and "\n" in space and word.text.endswith(_STOP)):
            border = Border.SENTENCE
        elif word.text.endswith(_COMMA):
            border = Border.CLAUSE
        result.append(WordTiming(word.text + space, word.start, word.end, border))
    return result, seconds
