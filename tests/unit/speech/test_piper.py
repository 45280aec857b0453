# ruff: noqa: RUF001 - IPA has letters that look like others
"""Piper, with a real voice of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.unit.speech.sound import pitch, rms
from troupe.adapters.models.files import ModelFiles
from troupe.adapters.models.table import JOE
from troupe.ai_settings import FUNCTIONS
from troupe.speech import catalogue
from troupe.speech.catalogue import capabilities, language_named
from troupe.speech.engine import Phonemes, Speech, SpeechRequest, TimingSource, Voice, VoiceType
from troupe.speech.engines.piper import PiperAlphabet, PiperEngine
from troupe.speech.errors import SpeechError
from troupe.speech.voices_piper import folders, installed, languages

pytestmark = pytest.mark.models

MALE, FEMALE, KIDS = VoiceType.MALE, VoiceType.FEMALE, VoiceType.KIDS
TEXT = "The old harbour was quiet. Nobody spoke, then."
VOICE = "en_US-joe-medium"


@pytest.fixture(scope="module", autouse=True)
def _voices() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODELS_DIR", str(FUNCTIONS / "models" / "test"))
        capabilities.cache_clear()
        catalogue._codes.cache_clear()
        yield
    capabilities.cache_clear()
    catalogue._codes.cache_clear()


@pytest.fixture(scope="module")
def engine() -> Iterator[PiperEngine]:
    engine = PiperEngine()
    yield engine
    engine.close()


def say(
    engine: PiperEngine,
    text: str = TEXT,
    type_: VoiceType = MALE,
    *,
    language: str = "en-US",
    style: str = "neutral",
    speed: float = 1.0,
    voice_id: str = "",
    phonemes: tuple[Phonemes, ...] = (),
) -> Speech:
    voice = Voice(language, type_, style, speed, voice_id)
    return engine.synthesize(SpeechRequest(text, voice, phonemes))


@pytest.fixture(scope="module")
def plain(engine: PiperEngine) -> Speech:
    return say(engine)


def failure(engine: PiperEngine, text: str = TEXT, **choices: str) -> tuple[str, bool, str]:
    with pytest.raises(SpeechError) as caught:
        say(engine, text, **choices)  # type: ignore[arg-type]
    return caught.value.code, caught.value.retryable, str(caught.value)


def test_the_voice_is_the_published_one() -> None:
    assert ModelFiles().path(JOE) == installed(folders())[VOICE].path


def test_languages_are_those_of_the_voices() -> None:
    (language,) = capabilities("piper").languages
    assert (language.code, language.name) == ("en-US", "English (United States)")
    assert language_named("en", "piper") == language
    assert language_named("de", "piper") is None


def test_it_speaks(plain: Speech) -> None:
    assert plain.rate == 22_050
    assert plain.samples.dtype == np.int16
    assert 1.5 < plain.seconds < 5
    assert rms(plain.samples) > 800
    assert plain.timing_source is TimingSource.ENGINE
    assert [word.text for word in plain.words] == TEXT.split()
    assert 75 < pitch(plain.samples, plain.rate) < 160


def test_word_timings_are_in_order_and_within_the_audio(plain: Speech) -> None:
    assert all(word.start < word.end for word in plain.words)
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(plain.words))
    assert plain.words[-1].end <= plain.seconds
    quiet, nobody = plain.words[4:6]
    assert nobody.start - quiet.end > 0.1


def test_the_same_request_gives_the_same_samples(plain: Speech, engine: PiperEngine) -> None:
    assert np.array_equal(say(engine).samples, plain.samples)
    assert np.array_equal(say(engine, voice_id=VOICE).samples, plain.samples)


def test_speed_styles_and_children(plain: Speech, engine: PiperEngine) -> None:
    assert say(engine, speed=2.0).seconds == pytest.approx(plain.seconds / 2, rel=0.25)
    assert say(engine, style="calm").seconds > 1.05 * plain.seconds
    child = say(engine, type_=KIDS)
    raised = pitch(child.samples, child.rate) / pitch(plain.samples, plain.rate)
    assert raised == pytest.approx(1.25, rel=0.08)


def test_given_phonemes_are_spoken(engine: PiperEngine) -> None:
    usual = say(engine, "Say tomato.")
    other = say(engine, "Say tomato.", phonemes=(Phonemes(4, 10, "təˈmɑːtəʊ"),))
    assert not np.array_equal(other.samples, usual.samples)
    assert [word.text for word in other.words] == ["Say", "tomato."]


def test_symbols_that_a_voice_lacks_are_replaced_or_left_out() -> None:
    ids = {symbol: [number] for number, symbol in enumerate("_^$ .,aɛtʃ\u0303ˈ")}
    alphabet = PiperAlphabet(ids)
    assert alphabet.marks == {" ", ".", ","}
    assert alphabet.sound("ˈɛ\u0303") == "ˈɛ\u0303"
    assert alphabet.sound("æ") == "a"
    assert alphabet.sound("t_ʰ.") == "t"
    assert alphabet.word("ta") == "tˈa"


@pytest.mark.parametrize("text", ["", "...", "\ue000", "\ud800"])
def test_text_without_sound_is_a_final_error(engine: PiperEngine, text: str) -> None:
    assert failure(engine, text)[:2] == ("nothing_to_speak", False)


@pytest.mark.parametrize(
    "text",
    ["1234567890" * 4, "x" * 60, "ABC " * 20, "[x](/\u2026/)", "\u041f\u0440\u0438", "a\x00b"],
)
def test_unusual_text_is_spoken(engine: PiperEngine, text: str) -> None:
    speech = say(engine, text, speed=2.0)
    assert speech.seconds > 0.05
    assert all(word.start < word.end for word in speech.words)


def test_unknown_voices_are_refused_with_those_that_exist(engine: PiperEngine) -> None:
    assert failure(engine, language="de")[:2] == ("unknown_voice", False)
    for voice_id in ("nobody", f"{VOICE}+{VOICE}", "af_heart"):
        code, retryable, message = failure(engine, voice_id=voice_id)
        assert (code, retryable) == ("unknown_voice", False)
        assert VOICE in message


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the description of a voice, without its graph."""
    source = FUNCTIONS / "models" / "test" / "piper"
    shutil.copy(source / f"{VOICE}.onnx.json", tmp_path / f"{VOICE}.onnx.json")
    return tmp_path


def test_a_damaged_voice_is_a_final_error(place: Path) -> None:
    (place / f"{VOICE}.onnx").write_bytes(b"no graph")
    engine = PiperEngine(places=(place,))
    code, retryable, message = failure(engine)
    assert (code, retryable) == ("model_missing", False)
    assert VOICE in message
    engine.close()


def test_files_that_are_no_voices_are_left_out(place: Path) -> None:
    assert installed((place,)) == {}  # no graph
    graph = place / f"{VOICE}.onnx"
    graph.write_bytes(b"")
    installed.cache_clear()
    assert list(installed((place,))) == [VOICE]
    config = json.loads((place / f"{VOICE}.onnx.json").read_bytes())
    for change in ({"phoneme_type": "text"}, {"language": None}):
        (place / f"{VOICE}.onnx.json").write_text(json.dumps({**config, **change}))
        installed.cache_clear()
        assert installed((place,)) == {}
    (place / f"{VOICE}.onnx.json").write_text("{")
    installed.cache_clear()
    assert installed((place,)) == {}


def test_languages_are_named_once(place: Path) -> None:
    for name in ("a.onnx", "b.onnx"):
        (place / name).write_bytes(b"")
        shutil.copy(place / f"{VOICE}.onnx.json", place / f"{name}.json")
    installed.cache_clear()
    voices = installed((place,))
    assert set(voices) == {"a", "b"}
    assert languages(voices.values()) == (("en-US", "English (United States)", "US"),)


def test_another_file_is_another_version(engine: PiperEngine, place: Path) -> None:
    (place / f"{VOICE}.onnx").write_bytes(b"other")
    installed.cache_clear()
    assert PiperEngine(places=(place,)).version != engine.version
