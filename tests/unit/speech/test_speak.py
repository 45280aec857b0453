# ruff: noqa: RUF001 - this file is about the punctuation of other scripts
from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pytest

from troupe.borders import parse_pauses
from troupe.speech.catalogue import capabilities
from troupe.speech.engine import (
    Capabilities,
    Speech,
    SpeechRequest,
    TimingSource,
    Voice,
    VoiceType,
    WordTiming,
)
from troupe.speech.engines.espeak import EspeakEngine
from troupe.speech.errors import SpeechError
from troupe.speech.speak import part_key, speak
from troupe.speech.text.dictionary import Dictionary
from troupe.speech.text.entry import Entry
from troupe.speech.text.pieces import pieces
from troupe.speech.text.reading import LAST_PAUSE, Passage, Pauses, passage
from troupe.speech.text.words import estimate_words, word_spans

VOICE = Voice("en", VoiceType.MALE, "neutral")


@dataclass
class ToneEngine:
    """0.1 s of tone per word. The words "fail" and "mute" make it raise SpeechError."""

    name: str = "tone"
    version: str = "1"
    limit: int = 60
    heard: list[str] = field(default_factory=list)

    @property
    def capabilities(self) -> Capabilities:
        return replace(capabilities("espeak"), max_characters=self.limit)

    def synthesize(self, request: SpeechRequest) -> Speech:
        self.heard.append(request.text)
        if "fail" in request.text:
            raise SpeechError("engine_timeout", "no", retryable=True)
        if "mute" in request.text:
            raise SpeechError("nothing_to_speak", "no", retryable=False)
        words = tuple(
            WordTiming(text, index / 10, index / 10 + 0.1)
            for index, text in enumerate(request.text.split())
        )
        samples = np.resize(np.array([1000, -1000], np.int16), len(words) * 100)
        return Speech(samples, 1000, words, TimingSource.ENGINE)


def read(text: str, engine: ToneEngine | EspeakEngine, entries: tuple[Entry, ...] = ()) -> Passage:
    return passage(
        pieces(text, "en"),
        "en",
        1.0,
        engine.capabilities,
        Pauses.of(parse_pauses(""), {}),
        last=True,
        dictionary=Dictionary(entries),
    )


def said(engine: ToneEngine | EspeakEngine, text: str) -> Iterator[Speech]:
    return speak(engine, read(text, engine), VOICE)


def test_every_word_is_spoken_once_in_order() -> None:
    text = "".join(f"This is sentence number {n}. " for n in range(40))
    engine = ToneEngine()
    words = [word.text.strip() for speech in said(engine, text) for word in speech.words]
    assert words == text.split()
    assert all(len(each) <= engine.limit for each in engine.heard)


def test_markdown_is_not_spoken() -> None:
    engine = ToneEngine()
    list(said(engine, "# Title\n\n**Bold** [link](https://x.y)"))
    assert engine.heard == ["Title", "Bold link"]


def test_an_utterance_ends_with_a_pause_after_its_last_word() -> None:
    (speech,) = said(ToneEngine(), "one two")
    assert speech.seconds == pytest.approx(0.2 + LAST_PAUSE)
    assert not speech.samples[-round(LAST_PAUSE * 1000) :].any()
    assert speech.words[-1].end == 0.2


def test_a_longer_pause_is_cut() -> None:
    class Slow(ToneEngine):
        def synthesize(self, request: SpeechRequest) -> Speech:
            speech = super().synthesize(request)
            return replace(speech, samples=np.append(speech.samples, np.zeros(600, np.int16)))

    (speech,) = said(Slow(), "one two")
    assert speech.seconds == pytest.approx(0.2 + LAST_PAUSE)


def test_sound_after_the_last_word_extends_that_word() -> None:
    class Echoing(ToneEngine):
        def synthesize(self, request: SpeechRequest) -> Speech:
            speech = super().synthesize(request)
            return replace(speech, samples=np.append(speech.samples, np.full(100, 3000, np.int16)))

    (speech,) = said(Echoing(), "one two")
    assert speech.words[-1].end == pytest.approx(0.3)
    assert speech.seconds == pytest.approx(0.3 + LAST_PAUSE)


def test_utterances_an_engine_cannot_speak_are_left_out() -> None:
    texts = ["One is said. ", "Here the engine is mute for once. ", "Two is said in the end too."]
    assert len(list(said(ToneEngine(limit=35), "".join(texts)))) == 2


@pytest.mark.parametrize("text", ["", "   ", "...", "# ", "mute", "---\n\n***"])
def test_text_with_nothing_to_speak_is_an_error(text: str) -> None:
    with pytest.raises(SpeechError) as caught:
        list(said(ToneEngine(), text))
    assert (caught.value.code, caught.value.retryable) == ("nothing_to_speak", False)


def test_other_errors_are_raised() -> None:
    spoken = said(ToneEngine(limit=12), "One two it. A fail.")
    next(spoken)
    with pytest.raises(SpeechError, match="no"):
        next(spoken)


def test_utterances_are_spoken_lazily() -> None:
    engine = ToneEngine(limit=12)
    next(said(engine, "One two it. Three four."))
    assert len(engine.heard) == 1


def test_captions_of_espeak_end_near_the_end_of_the_audio() -> None:
    engine = EspeakEngine()
    speech = list(said(engine, "The harbour was quiet. So we left."))[-1]
    engine.close()
    assert speech.seconds - speech.words[-1].end == pytest.approx(0.2)


def key(
    owner: str = "u",
    name: str = "e",
    version: str = "1",
    text: str = "t",
    entries: tuple[Entry, ...] = (),
    **voice: object,
) -> str:
    engine = ToneEngine(name=name, version=version)
    spoken = replace(VOICE, **voice)  # type: ignore[arg-type]
    return part_key(owner, engine, spoken, read(text, engine, entries))


def test_the_key_of_a_part_depends_on_everything() -> None:
    keys = {
        key(),
        key(owner="v"),
        key(name="f"),
        key(version="2"),
        key(text="T"),
        key(entries=(Entry("t", alias="tea"),)),
        key(entries=(Entry("t", ipa="tiː"),)),
        key(language="de"),
        key(type=VoiceType.KIDS),
        key(style="calm"),
        key(speed=1.1),
    }
    assert len(keys) == 11
    assert all(len(each) == len(hashlib.sha256().hexdigest()) for each in keys)


def test_the_key_is_unambiguous() -> None:
    assert key(owner="a", name="bc") != key(owner="ab", name="c")
    assert key(owner='a", "b') != key(owner="a")
    assert key(speed=1) == key(speed=1.0)


def test_estimates_cover_the_audio_in_order() -> None:
    words = estimate_words("Hello there, incomprehensibilities. A", 4.0, start=0.5)
    assert [word.text for word in words] == ["Hello", "there,", "incomprehensibilities.", "A"]
    assert words[0].start == 0.5
    assert words[-1].end == 4.0
    assert all(a.end <= b.start for a, b in pairwise(words))
    longest = max(words, key=lambda word: word.end - word.start)
    assert longest.text == "incomprehensibilities."
    assert words[3].start > words[2].end  # a pause after the full stop


def test_text_without_words_has_no_estimates() -> None:
    assert estimate_words(" ... ", 4.0) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b\nc", ["a", "b", "c"]),
        ('"One" — two ... three', ['"One" —', "two ...", "three"]),
        ("- one", ["- one"]),
        ("你好，世界。今天天气很好", ["你好，", "世界。", "今天", "天气", "很好"]),
        ("我用Python写", ["我", "用", "Python", "写"]),
        ("🙂 ok", ["🙂", "ok"]),
        ("5 + 3 = 8", ["5", "+", "3", "=", "8"]),
        ("", []),
    ],
)  # fmt: skip
def test_words_include_adjacent_punctuation(text: str, words: list[str]) -> None:
    assert [text[start:end] for start, end in word_spans(text)] == words
