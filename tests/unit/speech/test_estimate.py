# ruff: noqa: RUF001 - this file is about other scripts
"""Estimates of durations, compared with espeak's speech."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.growth import is_linear, repeated
from troupe.borders import Border
from troupe.speech.catalogue import capabilities
from troupe.speech.engine import SpeechRequest, Voice, VoiceType
from troupe.speech.engines.espeak import EspeakEngine
from troupe.speech.estimate import pause_seconds, seconds_about, seconds_at_most
from troupe.speech.text.pieces import Form, pieces
from troupe.speech.text.reading import LAST_PAUSE, Pauses, passage

# Article 1 of the Universal Declaration of Human Rights.
PROSE = {
    "en-US": "All human beings are born free and equal in dignity and rights. They are endowed "
    "with reason and conscience and should act towards one another in a spirit of brotherhood.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft "
    "und Gewissen begabt und sollen einander im Geist der Brüderlichkeit begegnen.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits.",
    "ru": "Все люди рождаются свободными и равными в своём достоинстве и правах.",
    "el": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια.",
    "ja": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "cmn": "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心。",
    "ko": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "ar": "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق. وقد وهبوا عقلاً وضميراً.",
    "hi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता प्राप्त है।",
    "th": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "am": "የሰው ልጅ ሁሉ ሲወለድ ነጻና በክብርና በመብትም እኩልነት ያለው ነው።",
}
# Texts that speak much longer than their characters suggest.
HOSTILE = {
    "numbers": "77777777777777 999999999 3333333 ",
    "digits": "7 9 7, 7. 9\n\n7 ",
    "acronyms": "WWWWWW XKCD WW HTTPS ",
    "consonants": "qqqqqqqq kk bcdfghjk ",
    "letters on lines": "y\n\nw\n\nq\n\n",
    "symbols": "%%%%%%%%% € @ # ≤≤≤≤ ™™™™ ",
    "fractions": "½¼¾½¼¾½¼¾ ⅓ ",
    "emoji": "😂 🦄 👩‍🚒 🏳️‍🌈 ",
    "chinese": "龍國學繁體字龍國學繁體字 億兆 ",
    "kana": "あいうえおかきくけこさしす さ ",
    "cyrillic": "оеаинтсрвлкмдп Я ",
    "thai": "ปปป กขคงจฉชซญดตถทธ ",
    "ethiopic": "ሀለሐ ሀለሐ ሀለሐመሠ ",
    "ligatures": "ﷺ ﷺ ﷺ ﷽ ",
    "full width": "ＡＢＣ１２３％ ＣＣＣＣ ",
    "phonetic": "ᶕᶕᶕ ᶨᶨ ",
    "old numbers": "Ⅷ ⅸⅸ 𒐷 ",
    "enclosed": "①②③ ㍿㍿㍿ ㊀ ",
}
VOICES = [("neutral", 1.0), ("calm", 0.5), ("neutral", 2.0)]


@pytest.fixture(scope="module")
def engine() -> Iterator[EspeakEngine]:
    engine = EspeakEngine()
    yield engine
    engine.close()


def spoken(engine: EspeakEngine, text: str, language: str, style: str, speed: float) -> float:
    voice = Voice(language, VoiceType.FEMALE, style, speed)
    return engine.synthesize(SpeechRequest(text, voice)).seconds


@pytest.mark.parametrize("language", PROSE)
def test_prose_is_about_as_long_as_estimated_and_never_longer_than_the_bound(
    engine: EspeakEngine, language: str
) -> None:
    text = PROSE[language]
    seconds = spoken(engine, text, language, "neutral", 1.0)
    assert seconds / 2 < seconds_about(text, language, 1.0) < seconds * 1.6
    for style, speed in VOICES:
        seconds = spoken(engine, text, language, style, speed)
        assert seconds < seconds_at_most(text, language, speed) < 14 * seconds


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en-US", "ja", "fi", "mto"])
def test_no_text_is_spoken_longer_than_the_bound(engine: EspeakEngine, language: str) -> None:
    for name, unit in HOSTILE.items():
        text = unit * (24 // len(unit) + 1)
        for style, speed in VOICES[:2]:
            try:
                seconds = spoken(engine, text, language, style, speed)
            except Exception as error:
                assert getattr(error, "code", "") == "nothing_to_speak", (name, error)
                continue
            bound = seconds_at_most(text, language, speed)
            assert seconds < bound, (name, style, speed, seconds, bound)


@pytest.mark.parametrize(
    ("language", "unit"),
    [
        *(("en-US", f"word{border}") for border in ("\n\n", "\r\r", "\u2029", "\x85", "\n***\n")),
        *[("en-US", "One, two; three: four. "), ("en-US", "Well… yes‽ no! "), ("el", "Ναι; όχι. ")],
        *[
            ("hi", "नमस्ते॥ नमस्ते। "),
            ("ur", "سلام۔ سلام، "),
            ("am", "ሰላም። ሰላም፣ ሰላም፤ "),
            ("hy", "բար։ "),
        ],
        *[
            ("my", "မင်္ဂလာပါ။ "),
            ("ja", "あ。い、う！え？"),
            ("ja", "ア｡イ．ウ，"),
            ("cmn", "你好；再见："),
        ],
    ],
)
def test_pauses_are_never_longer_than_their_bound(language: str, unit: str) -> None:
    text = unit * 20
    asked = dict.fromkeys(Border, 5_000)
    said = passage(
        pieces(text, language, Form.TEXT),
        language,
        1.0,
        capabilities("espeak"),
        Pauses.of(asked, asked),
        last=True,
    )
    assert 19 * 5 <= said.pauses <= pause_seconds(text, asked) + LAST_PAUSE


def test_an_estimate_takes_linear_time() -> None:
    unit = "吾輩は猫である。名前はまだ無い。"
    assert is_linear(lambda size: seconds_at_most(repeated(unit, size), "ja", 1.0), 200_000)
