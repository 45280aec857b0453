# ruff: noqa: RUF001 - IPA has letters that look like others
"""Pronunciations in IPA, spoken by espeak: heard as sound, and read back as IPA."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Iterator
from itertools import pairwise

import espeakng_loader
import numpy as np
import pytest

from tests.unit.speech.sound import pitch, rms
from troupe.speech.engine import Phonemes, Speech, SpeechRequest, Voice, VoiceType
from troupe.speech.engines import espeak_host
from troupe.speech.engines.espeak import EspeakEngine
from troupe.speech.engines.espeak_ipa import mnemonics, sounds, with_phonemes
from troupe.speech.errors import SpeechError
from troupe.speech.prosody import Prosody
from troupe.speech.text.ipa import LETTERS, parse_ipa

WORDS = {
    "en-GB": "hello world nuance through thought water beautiful pronunciation church judge vision "
    "singing measure father mother bird nurse square near cure goat mouth price choice lot cloth "
    "foot goose strut fleece kitten dress trap palm start north force happy letter comma button "
    "bottle rhythm Worcester colonel Thames yacht",
    "en-US": "water butter hurry worker tomato schedule garage",
    "de": "Straße schön Mädchen Buch lustig Pfanne Zeit Deutsch Österreich über Haus Häuser Vogel "
    "singen lang Kirche Junge Genie Garage König Müller Rhythmus",
    "fr": "bonjour maison jardin vin brun montagne fille oiseau rouge chaise heure peur deux lune "
    "nuit oui champagne enfant pain serrurerie",
    "es": "hola perro caro niño calle llave queso guerra jamón ciudad zapato mucho agua huevo "
    "lengua desarrollo",
    "ja": "こんにちは さくら とうきょう がっこう しんぶん りょこう ふじさん ちゃわん つくえ",
}
FILES = {"en-GB": "gmw/en", "en-US": "gmw/en-US", "de": "gmw/de", "fr": "roa/fr", "es": "roa/es"}
FILES |= {"ja": "jpx/ja", "ar": "sem/ar", "hi": "inc/hi", "cmn": "sit/cmn", "ru": "zle/ru"}
FILES |= {"tr": "trk/tr", "sw": "bnt/sw", "haw": "map/haw", "ko": "ko", "vi": "aav/vi"}


@pytest.fixture(scope="module")
def engine() -> Iterator[EspeakEngine]:
    engine = EspeakEngine()
    yield engine
    engine.close()


class Reader:
    """What the library itself says that it would say."""

    def __init__(self) -> None:
        self.library = espeak_host.Library(
            espeakng_loader.get_library_path(), espeakng_loader.get_data_path()
        )

    def sounds(self, file: str) -> dict[str, str]:
        status, _, data = self.library.inventory(file)
        assert status == espeak_host.OK
        return sounds(json.loads(data))

    def ipa(self, file: str, text: str, *, phonemes: bool) -> str:
        assert self.library._set_voice(file)
        self.library._synthesize("", phonemes)
        pointer = ctypes.c_char_p(text.encode())
        said = self.library._lib.espeak_TextToPhonemes(ctypes.byref(pointer), 1, 2)
        assert not pointer.value, "more than one clause"
        return str(said.decode())


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def say(
    engine: EspeakEngine,
    text: str,
    *said: tuple[str, str],
    language: str = "en-GB",
    prosody: Prosody | None = None,
    style: str = "neutral",
) -> Speech:
    """`said`: pairs of a word of the text and its IPA."""
    phonemes, at = [], 0
    for word, ipa in said:
        at = text.index(word, at)
        phonemes.append(Phonemes(at, at + len(word), parse_ipa(ipa)))
        at += len(word)
    voice = Voice(language, VoiceType.MALE, style)
    return engine.synthesize(SpeechRequest(text, voice, tuple(phonemes), prosody or Prosody()))


@pytest.mark.parametrize(
    ("language", "word"), [(code, word) for code, words in WORDS.items() for word in words.split()]
)
def test_the_ipa_of_a_word_is_said_as_the_word(
    engine: EspeakEngine, reader: Reader, language: str, word: str
) -> None:
    file = FILES[language]
    ipa = reader.ipa(file, word, phonemes=False)
    said = mnemonics(parse_ipa(ipa), reader.sounds(file))
    assert reader.ipa(file, f"[[{said}]]", phonemes=True) == ipa
    alone = say(engine, word, language=language)
    spoken = say(engine, word, (word, ipa), language=language)
    # Words of its dictionary have endings that cannot be asked for: unstressed ones are shorter.
    assert spoken.seconds == pytest.approx(alone.seconds, rel=0.2)


def test_there_are_over_a_hundred_words() -> None:
    assert sum(len(words.split()) for words in WORDS.values()) > 100


@pytest.mark.parametrize(
    ("ipa", "said"),
    [
        ("ˈwɪn", "'w|I|n"),
        ("həˈləʊ", "h|@|'l|oU"),
        ("ˌpɹaɪˈvəsi", ",p|r|aI|'v|@|s|i"),
        ("t͡ʃɪp", "'tS|I|p"),
        ("ʧɪp", "'tS|I|p"),
        ("ɡuːs", "'g|u:|s"),
        ("wɪn", "'w|I|n"),  # one syllable
        ("wɪnɪ", "w|I|n|I"),
        ("ˈwɪ.n‿ɪ", "'w|I|n|I"),
        ("ˈryː", "'R|i"),  # sounds that English lacks
        ("ˈʙə", "'b|@"),
        ("ˈkʼa", "'k|a"),
        ("ˈxa˥˩", "'x|a"),
    ],
)
def test_ipa_is_written_in_the_phonemes_of_the_voice(reader: Reader, ipa: str, said: str) -> None:
    assert mnemonics(parse_ipa(ipa), reader.sounds("gmw/en")) == said


@pytest.mark.parametrize("file", FILES.values())
def test_every_symbol_is_said_in_every_language(reader: Reader, file: str) -> None:
    known = reader.sounds(file)
    assert [letter for letter in sorted(LETTERS) if not mnemonics(f"ˈ{letter}", known)] == []


def test_a_pronunciation_replaces_the_word(engine: EspeakEngine) -> None:
    text = "Ask Nguyen now."
    pronounced, written = say(engine, text, ("Nguyen", "ˈwɪn")), say(engine, "Ask win now.")
    assert pronounced.seconds == pytest.approx(written.seconds, rel=0.02)
    assert say(engine, text).seconds > pronounced.seconds * 1.1
    assert [word.text for word in pronounced.words] == ["Ask", "Nguyen", "now."]
    for ours, theirs in zip(pronounced.words, written.words, strict=True):
        assert ours.start == pytest.approx(theirs.start, abs=0.02)
        assert ours.end == pytest.approx(theirs.end, abs=0.02)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Ask Nguyen, now, then go.", "Nguyen"),
        ("Ask (Nguyen) now.", "Nguyen"),
        ("Ask “Nguyen” now.", "Nguyen"),
        ("Ask 'Nguyen' now.", "Nguyen"),
        ('Ask "Nguyen" now.', "Nguyen"),
        ("Ask Nguyen's brother.", "Nguyen"),
        ("A Nguyen-based idea.", "Nguyen"),
        ("An ex-Nguyen idea.", "Nguyen"),
        ("Ask Nguyen; then go.", "Nguyen"),
        ("Ask Nguyen!", "Nguyen"),
        ("Nguyen", "Nguyen"),
        ("Nguyen said: Nguyen.", "Nguyen"),
        ("Ask $Nguyen 5 times.", "Nguyen"),
        ("Ask Nguyen5 now.", "Nguyen"),
    ],
)
def test_words_around_a_pronunciation_keep_their_times(
    engine: EspeakEngine, text: str, word: str
) -> None:
    pronounced, plain = say(engine, text, (word, "ˈnjuːjen")), say(engine, text)
    assert [item.text for item in pronounced.words] == [item.text for item in plain.words]
    assert pronounced.seconds == pytest.approx(plain.seconds, abs=0.35)
    assert all(word.start < word.end for word in pronounced.words)
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(pronounced.words))


def test_many_words_can_be_pronounced(engine: EspeakEngine) -> None:
    text = "One two three four five six."
    speech = say(
        engine, text, ("One two", "ˈwʌn ˈtuː"), ("three", "ˈθɹiː"), ("five six", "ˈfaɪv ˈsɪks")
    )
    plain = say(engine, text)
    assert speech.seconds == pytest.approx(plain.seconds, rel=0.05)
    for ours, theirs in zip(speech.words, plain.words, strict=True):
        assert ours.text == theirs.text
        assert ours.start == pytest.approx(theirs.start, abs=0.15)


def test_text_between_scripts_without_spaces_can_be_pronounced(engine: EspeakEngine) -> None:
    text = "今天早上你好世界。"
    speech = say(engine, text, ("你好", "ni xɑu"), language="cmn")
    assert "".join(word.text for word in speech.words) == text


@pytest.mark.parametrize(
    "text", ["[[foo]] Ada", "[[ foo Ada", "]]foo[[bar]] Ada", "[\u200b[foo]] Ada", "<b>foo</b> Ada"]
)
def test_text_cannot_reach_the_phoneme_input(engine: EspeakEngine, text: str) -> None:
    pronounced = say(engine, text, ("Ada", "ˈeɪdə"))
    rounded = say(engine, text.replace("[", "(").replace("]", ")"))
    assert pronounced.seconds == pytest.approx(rounded.seconds, abs=0.15)
    assert pronounced.words[-1].text == "Ada"


@pytest.mark.parametrize("ipa", ["]] [[foo", "ˈ", "", "\x01", "|", "☃"])
def test_what_is_no_ipa_leaves_the_word(reader: Reader, ipa: str) -> None:
    known = reader.sounds("gmw/en")
    text = with_phonemes("Ask Ada.", [Phonemes(4, 7, ipa)], known).text
    assert text.count("[[") == text.count("]]") <= 2
    if not LETTERS.intersection(ipa):
        assert text == "Ask Ada."


def test_pronunciations_out_of_order_are_refused(engine: EspeakEngine) -> None:
    voice = Voice("en-GB", VoiceType.MALE, "neutral")
    phonemes = (Phonemes(4, 7, "ˈa"), Phonemes(0, 3, "ˈa"))
    with pytest.raises(ValueError, match="overlaps"):
        engine.synthesize(SpeechRequest("One two", voice, phonemes))


def test_asking_for_phonemes_does_not_change_what_follows(engine: EspeakEngine) -> None:
    before = say(engine, "[[h@l'oU]] there")
    say(engine, "Ask Ada.", ("Ada", "ˈeɪdə"))
    after = say(engine, "[[h@l'oU]] there")
    assert after.seconds == pytest.approx(before.seconds, rel=0.01)


def test_a_pronunciation_in_a_voice_that_does_not_exist(engine: EspeakEngine) -> None:
    with pytest.raises(SpeechError) as caught:
        engine._ask(voice="no/such")
    assert caught.value.code == "unknown_voice"


TEXT = "The old harbour was quiet that morning, and the fishermen talked in low voices."


@pytest.mark.parametrize("semitones", [-6.0, -3.0, 3.0, 6.0])
def test_pitch_is_in_semitones(engine: EspeakEngine, semitones: float) -> None:
    plain = pitch(say(engine, TEXT).samples, 22050)
    changed = pitch(say(engine, TEXT, prosody=Prosody(pitch=semitones)).samples, 22050)
    assert 12 * np.log2(changed / plain) == pytest.approx(semitones, abs=1.0)


@pytest.mark.parametrize("decibels", [-96.0, -12.0, -6.0])
def test_volume_is_in_decibels(engine: EspeakEngine, decibels: float) -> None:
    plain = say(engine, TEXT)
    changed = say(engine, TEXT, prosody=Prosody(volume=decibels))
    assert rms(changed.samples) == pytest.approx(
        rms(plain.samples) * 10 ** (decibels / 20), rel=0.05, abs=1
    )
    assert [word.text for word in changed.words] == [word.text for word in plain.words]
    assert changed.words[-1].end == pytest.approx(plain.words[-1].end, abs=0.05)


def test_louder_is_not_clipped(engine: EspeakEngine) -> None:
    loud = say(engine, TEXT, prosody=Prosody(volume=10.0)).samples.astype(int)
    assert np.abs(loud).max() == 32_767
    assert (np.abs(loud) == 32_767).sum() < 3


def test_rate_and_speed_add_up(engine: EspeakEngine) -> None:
    plain = say(engine, TEXT).seconds
    assert say(engine, TEXT, prosody=Prosody(rate=2.0)).seconds == pytest.approx(plain / 2, rel=0.2)
    fast = Voice("en-GB", VoiceType.MALE, "neutral", 2.0)
    slowed = engine.synthesize(SpeechRequest(TEXT, fast, prosody=Prosody(rate=0.5)))
    assert slowed.seconds == pytest.approx(plain, rel=0.01)
