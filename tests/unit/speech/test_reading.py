# ruff: noqa: RUF001 - this file is about the punctuation of other scripts
from __future__ import annotations

from itertools import pairwise

import pytest

from tests.support.growth import is_linear, repeated
from troupe.borders import Border, parse_pauses
from troupe.speech.catalogue import capabilities
from troupe.speech.engine import WordTiming
from troupe.speech.prosody import Prosody
from troupe.speech.text.dictionary import Dictionary
from troupe.speech.text.entry import Entry
from troupe.speech.text.pieces import Form, parts, pieces, within
from troupe.speech.text.reading import LAST_PAUSE, Passage, Pauses, as_written, passage

USUAL = parse_pauses("")
ESPEAK = capabilities("espeak")


def read(
    text: str,
    language: str = "en-US",
    form: Form = Form.TEXT,
    *,
    engine: str = "espeak",
    speed: float = 1.0,
    asked: dict[Border, int] | None = None,
    entries: tuple[Entry, ...] = (),
) -> Passage:
    return passage(
        pieces(text, language, form),
        language,
        speed,
        capabilities(engine),
        Pauses.of(USUAL, asked or {}),
        last=True,
        dictionary=Dictionary(entries) if entries else None,
    )


def said(
    text: str, language: str = "en-US", form: Form = Form.TEXT, **options: object
) -> list[str]:
    return [each.text for each in read(text, language, form, **options).utterances]  # type: ignore[arg-type]


def test_pauses_grow_with_the_border() -> None:
    text = "Title\n=====\nOne, two. Three.\n\n- four\n- five\n\nSix.\n\n***\n\nSeven."
    found = [(each.text, each.pause) for each in read(text).utterances]
    assert found == [
        ("Title", 0.9),
        ("One, two.", 0.3),
        ("Three.", 0.65),
        ("four", 0.45),
        ("five", 0.65),
        ("Six.", 1.5),
        ("Seven.", LAST_PAUSE),
    ]
    assert list(USUAL.values()) == sorted(USUAL.values())


def test_pauses_are_scaled_with_speed_and_set_by_the_request() -> None:
    assert read("A b.\n\nC d.", speed=2.0).utterances[0].pause == 0.325
    assert read("A b.\n\nC d.", asked={Border.PARAGRAPH: 2000}).utterances[0].pause == 2.0
    remote = "One two. Three, four."
    assert said(remote, engine="openai") == ["One two. Three, four."]
    assert said(remote, engine="openai", asked={Border.SENTENCE: 9}) == ["One two.", "Three, four."]
    found = read(remote, engine="openai", asked={Border.CLAUSE: 500}).utterances
    assert [(each.text, each.pause) for each in found] == [
        ("One two. Three,", 0.5),
        ("four.", LAST_PAUSE),
    ]


def test_a_text_in_parts_is_said_as_in_one() -> None:
    text = "# One\n\nTwo, three. Four five.\n\n* six\n* seven\n\n***\n\n" * 12 + "The end."
    found = pieces(text, "en-US")
    cuts = parts(found, text, 60, "en-US")
    assert len(cuts) > 5
    apart = [
        utterance
        for a, b in pairwise(cuts)
        for utterance in passage(
            within(found, a, b),
            "en-US",
            1.0,
            ESPEAK,
            Pauses.of(USUAL, {}),
            last=b == len(text),
        ).utterances
    ]
    assert tuple(apart) == read(text).utterances


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("Hello [pause 500ms] world.", Form.TEXT, [("Hello", 0.5), ("world.", 0.2)]),
        ("[pause 1s] Go.", Form.TEXT, [("", 1.0), ("Go.", 0.2)]),
        ("Stop. [pause 2s] Go.", Form.TEXT, [("Stop.", 2.0), ("Go.", 0.2)]),
        ("Stop. [pause 1ms] Go.", Form.TEXT, [("Stop.", 0.3), ("Go.", 0.2)]),
        ("Go. [pause 3s]", Form.TEXT, [("Go.", 3.0)]),
        ("Go [pause] on.", Form.LINE, [("Go", 0.65), ("on.", 0.2)]),
        (
            '<speak>Go <break time="1s"/>on <break/>now</speak>',
            Form.SSML,
            [("Go", 1.0), ("on", 0.3), ("now", 0.2)],
        ),
    ],
)
def test_marks_of_pauses(text: str, form: Form, expected: list[tuple[str, float]]) -> None:
    assert [(each.text, each.pause) for each in read(text, form=form).utterances] == expected


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("[spell: ABC] and [spell: 12]", Form.TEXT, "A, B, C and one, two"),
        (r"\[pause 1s] [nonsense]", Form.TEXT, "[pause 1s] [nonsense]"),
        ('<speak><sub alias="5 km">it</sub> is</speak>', Form.SSML, "five kilometers is"),
        (
            '<speak><say-as interpret-as="digits">123</say-as> &amp; 123</speak>',
            Form.SSML,
            "one two three and one hundred twenty-three",
        ),
        ("1. Peel it", Form.TEXT, "one, Peel it"),
        ("oﬃce Ⅳ, 𝐇𝐢, ＡＢ", Form.TEXT, "office IV, Hi, AB"),
        ("I ❤️ you 👍🏽", Form.TEXT, "I ❤ you 👍"),
    ],
)
def test_what_is_said(text: str, form: Form, expected: str) -> None:
    assert said(text, form=form) == [expected]


def test_sounds_are_not_read_as_words() -> None:
    (found,) = read("Dr. Lee [say: 5 Nguyen|ˈwɪn] 5.").utterances
    assert found.text == "Doctor Lee 5 Nguyen five."
    (sound,) = found.phonemes
    assert (found.text[sound.start : sound.end], sound.ipa) == ("5 Nguyen", "ˈwɪn")


def test_a_dictionary_wins_over_rules_and_marks_over_the_dictionary() -> None:
    entries = (
        Entry("km", alias="klicks"),
        Entry("NYC", alias="New York 2 City"),
        Entry("York", ipa="jɔːk"),
    )
    (found,) = read("5 km to NYC, [spell: NYC].", entries=entries).utterances
    assert found.text == "five klicks to New York two City, N, Y, C."
    (sound,) = found.phonemes
    assert found.text[sound.start : sound.end] == "York"


def test_prosody_cuts_an_utterance() -> None:
    inner = '<prosody rate="2">three</prosody>'
    text = f'<speak>One <prosody rate="slow" pitch="+2st">two {inner}</prosody></speak>'
    found = read(text, form=Form.SSML).utterances
    assert [each.text for each in found] == ["One", "two", "three"]
    assert found[0].prosody == Prosody()
    assert found[1].prosody.pitch == found[2].prosody.pitch == 2.0
    assert found[2].prosody.rate == 2 * found[1].prosody.rate


def timed(text: str, rate: float = 0.1) -> list[WordTiming]:
    """As an engine reports the words of what it said."""
    return [WordTiming(word, n * rate, (n + 1) * rate) for n, word in enumerate(text.split())]


def written(text: str, language: str = "en-US") -> list[tuple[str, float, float]]:
    (found,) = read(text, language).utterances
    words = as_written(found, timed(found.text))
    return [(each.text, round(each.start, 3), round(each.end, 3)) for each in words]


def test_words_are_those_of_the_source_at_the_times_of_what_was_said() -> None:
    # "It costs five point three billion dollars now."
    assert written("It costs **$5.3 billion** now.") == [
        ("It ", 0.0, 0.1),
        ("costs ", 0.1, 0.2),
        # Both stand for the same five words, and share them by length.
        ("$5.3 ", 0.2, pytest.approx(0.42)),
        ("billion ", pytest.approx(0.42), 0.7),
        ("now. ", 0.7, 0.8),
    ]


def test_words_are_in_order_and_have_the_borders_that_follow_them() -> None:
    (found,) = read("No. 7, at 3 p.m., is Dr. Lee's.").utterances
    words = as_written(found, timed(found.text))
    assert "".join(word.text for word in words) == "No. 7, at 3 p.m., is Dr. Lee's. "
    assert all(a.end <= b.start for a, b in pairwise(words))
    borders = [(word.text, word.border) for word in words if word.border]
    assert borders == [
        ("7, ", Border.CLAUSE),
        ("p.m., ", Border.CLAUSE),
        ("Lee's. ", Border.PARAGRAPH),
    ]


def test_words_of_an_engine_that_reports_none() -> None:
    (found,) = read("One.").utterances
    assert as_written(found, []) == ()


@pytest.mark.parametrize("engine", ["espeak", "kokoro", "openai", "f5tts", "elevenlabs", "google"])
def test_calls_fit_the_engine(engine: str) -> None:
    text = "In 1999, 123,456,789 people paid $987,654,321.12 each, and so on and on. " * 40
    most = capabilities(engine).max_characters
    found = read(text, engine=engine).utterances
    assert all(0 < len(each.text) <= most for each in found)
    assert all(0 <= w.start < w.end <= len(u.text) for u in found for w in u.words)
    together = "".join(word.text for each in found for word in each.words)
    assert together.split() == text.split()


UNITS = [
    "The harbour was quiet on 3 May 2026, and it cost $5.30. ", "a\n", "- a\n", "1. ", "A. ", "$5 ",
    "[pause 1s]a ", "3/4 ", "我", "ก", "https://a.b/c ", "12345 ", "e\u0301 ",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_linear_time(unit: str) -> None:
    found = {size: pieces(repeated(unit, size), "en-US") for size in (40_000, 10_000)}

    def speak(size: int) -> None:
        passage(found[size], "en-US", 1.0, ESPEAK, Pauses.of(USUAL, {}), last=True)

    assert is_linear(speak, 40_000)


def test_the_source_of_a_passage_is_what_was_paid_for() -> None:
    entries = (Entry("a", alias="b " * 90),)
    found = read("a [pause 1s] a", entries=entries)
    assert found.source.split() == ["a", "a"]
    assert len(found.utterances[0].text) > 100
    ssml = '<speak><sub alias="one two three">x</sub></speak>'
    assert read(ssml, form=Form.SSML).source == "x one two three"
