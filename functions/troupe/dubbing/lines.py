"""The lines of a recording: what is said, when, and its translation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from itertools import pairwise

from troupe.dubbing.records import Line, Lines
from troupe.errors import TroupeError, Unavailable, WorkError
from troupe.moderation.service import Moderation
from troupe.recognition.transcriber import Segment
from troupe.recognition.words import grouped
from troupe.translation.languages import english_name, offered_code, same
from troupe.translation.texts import translate
from troupe.translation.translator import Translator

_SECONDS = 600.0  # for all calls
_LONG = 5.0  # seconds of a sentence
_PAUSE = 0.2  # seconds after a comma or the like


def lines_of(segments: Iterable[Segment]) -> list[Line]:
    """A line for each sentence, and for what is said after a long pause, in order. A sentence that
    lasts longer than _LONG is divided where the speaker pauses."""
    words = (word for segment in segments for word in segment.words)
    return [
        Line(text=each.text, start=round(each.start, 3), end=round(each.end, 3))
        for sentence in grouped(words)
        for each in _divided(sentence)
    ]


def _divided(sentence: Segment) -> list[Segment]:
    words = sentence.words
    if sentence.end - sentence.start <= _LONG:
        return [sentence]
    pauses = [
        (other.start - one.end, number)
        for number, (one, other) in enumerate(pairwise(words), 1)
        if not one.text.rstrip()[-1:].isalnum()
    ]
    longest, at = max(pauses, default=(0.0, 0))
    if longest < _PAUSE:
        return [sentence]
    halves = Segment(words[:at]), Segment(words[at:])
    return [each for half in halves for each in _divided(half)]


class LineTranslation:
    """Translates all lines together, so that translators see the context of each."""

    def __init__(self, translator: Callable[[], Translator | None], moderation: Moderation) -> None:
        """`translator` is called when there is something to translate."""
        self._translator = translator
        self._moderation = moderation

    def translated(self, uid: str, lines: list[Line], source: str, target: str) -> Lines:
        """`source`: the language as the transcriber calls it. Raises WorkError."""
        translator = self._translator()
        if translator is None:
            message = "This server no longer translates."
            raise WorkError("translator_not_configured", message, retryable=False)
        deadline = time.monotonic() + _SECONDS
        offered = translator.languages(deadline)
        origin, into = offered_code(source, offered.sources), offered_code(target, offered.targets)
        if origin is None or into is None:
            raise WorkError(
                "language_not_offered",
                f"This server does not translate from {english_name(source)}. If the recording is "
                "in another language, send `sourceLanguage`.",
                retryable=False,
            )
        if same(origin, into):
            raise WorkError(
                "same_language",
                f"The recording is already in {english_name(source)}. If it is in another "
                "language, send `sourceLanguage`.",
                retryable=False,
            )
        texts = [line.text for line in lines]
        made = translate(translator, texts, origin, into, deadline=deadline)
        self._check(uid, [*texts, *made.texts])
        said = [
            line.model_copy(update={"said": text})
            for line, text in zip(lines, made.texts, strict=True)
        ]
        return Lines(lines=said, untranslated=made.kept)

    def _check(self, uid: str, texts: list[str]) -> None:
        try:
            self._moderation.check(uid, *texts)
        except TroupeError as error:
            transient = isinstance(error, Unavailable)
            raise WorkError(error.code, error.text, retryable=transient) from error
