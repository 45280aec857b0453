"""Nothing that must survive is lost, whatever a translator does to a text."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.growth import is_linear
from tests.unit.translation.translators import FOR_MANY, into_portuguese, translator
from troupe.translation import pieces
from troupe.translation.placeholders import MARK, masked, numbered, renumbered
from troupe.translation.texts import Translations, translate
from troupe.translation.translator import (
    Capabilities,
    Languages,
    TranslationError,
    TranslationRequest,
    Translator,
)

KEPT = (
    *("https://example.com/a?b=c&d=e#f", "www.example.com", "http://x.y/(z)", "example.org/docs"),
    *(
        "anna@example.com",
        "@bob_1",
        "@anna.smith",
        "#news",
        "<@bJ3-x_9>",
        "\u200f",
        "\u2069",
        ":smile:",
        "😀",
        "👩‍👩‍👧",
        "🇧🇷",
        "❤️",
        "1️⃣",
    ),
    *("[pause 500ms]", "[pause]", "[spell: ABC]", "[say: Nguyen|ˈwɪn]"),
    *("`code`", "```\nfor x in y:\n  pass\n```", "{name}", "{{count}}", "${x}", "%s", "%(x)d"),
    *("<b>", "</p>", '<a href="x">', "&amp;", "5 €", "€5,50", "US$ 7.25", "¥5", "£"),
    *("1,234.56", "12:30", "2024-12-31", "+49 30 123456", "123456789", "½", "→", "™", "⟦3⟧"),
)
WORDS = (
    "the",
    "house",
    "Please",
    "send",
    "an",
    "invoice",
    "to",
    "Anna",
    "and",
    "wait",
    "it's",
    "7",
)


ESSAY = "Gladly! Here is what I know of it. "


class Odd:
    """A translator that drops, doubles and moves placeholders and writes essays, at random but
    always alike."""

    name, version = "odd", "1"
    capabilities = Capabilities(texts=7, characters=200, text_characters=60)

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.asked: list[str] = []

    def languages(self, deadline: float) -> Languages:
        return Languages(("en",), ("pt",))

    def alphabet(self, source: str, target: str) -> None:
        return None

    def close(self) -> None:
        """Has nothing to close."""

    def translate(self, request: TranslationRequest) -> list[str]:
        assert len(request.texts) <= self.capabilities.texts
        self.asked += request.texts
        return [self._said(text) for text in request.texts]

    def _said(self, text: str) -> str:
        random = Random(f"{self._seed} {text}")
        do: Callable[[re.Match[str]], str] = random.choice(
            [
                lambda mark: mark[0],
                lambda mark: random.choice(["", mark[0], mark[0] * 2]),
                lambda mark: f"⟦{random.randint(0, 9)}⟧",
                lambda mark: f"[{mark[1]}]",
            ]
        )
        if random.random() < 0.1:
            return ESSAY * (len(text) // 5 + 6)
        words = MARK.sub(do, text).upper().split()
        if random.random() < 0.3:
            random.shuffle(words)
        return " ".join(words) if random.random() < 0.9 else ""


def by(made: Translator, *texts: str) -> Translations:
    deadline = time.monotonic() + FOR_MANY
    return translate(made, texts, "en", "pt", deadline=deadline)


def items(text: str) -> list[str]:
    """What of a text must survive, by the module itself."""
    made = masked(text, {})
    return [made.kept[int(number) - 1].text for number in MARK.findall(made.text)]


FRAGMENTS = st.sampled_from((*WORDS, *KEPT, ".", ",", "?", "\n", "- ", "(", ")", '"'))
COMPOSED = st.lists(st.tuples(FRAGMENTS, st.sampled_from((" ", " ", " ", "", "  ")))).map(
    lambda parts: "".join(part + space for part, space in parts)
)


def survives(text: str, result: str) -> None:
    assert result.count("\n") >= text.count("\n")
    for item in items(text):
        for part in item.split():
            assert part in result, part


@given(text=COMPOSED, seed=st.integers(0, 99))
@settings(max_examples=300, deadline=None)
def test_nothing_is_lost_by_a_translator_that_loses(text: str, seed: int) -> None:
    result = by(Odd(seed), text).texts[0]
    survives(text, result)
    assert ESSAY.upper() not in result.upper()
    # Not only somewhere: as often as before, whatever stands where. Words that moved may make
    # another by chance ("$ 7" out of "$" and "7").
    for item, times in Counter(items(text)).items():
        assert result.count(item) >= times, item


@given(
    parts=st.lists(st.sampled_from((*WORDS, "@", ".", "\n", "(")), max_size=30),
    seed=st.integers(0, 99),
)
@settings(max_examples=200, deadline=None)
def test_nothing_is_doubled_by_a_translator_that_doubles(parts: list[str], seed: int) -> None:
    names = [f"@user{number:02}" if part == "@" else part for number, part in enumerate(parts)]
    result = by(Odd(seed), " ".join(names)).texts[0]
    for name in names:
        assert not name.startswith("@") or result.count(name) == 1


@given(text=st.text(max_size=300), seed=st.integers(0, 99))
@settings(max_examples=200, deadline=None)
@example(text="⟦1⟧⟦2⟧ a⟦b", seed=1)
def test_any_text_at_all(text: str, seed: int) -> None:
    survives(text, by(Odd(seed), text).texts[0])


@pytest.fixture(scope="module")
def firefox() -> Iterator[Translator]:
    with translator("firefox") as (made, _):
        yield made


@given(text=COMPOSED)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_is_lost_by_the_embedded_translator(firefox: Translator, text: str) -> None:
    result = by(firefox, text).texts[0]
    survives(text, result)


@pytest.mark.parametrize("kept", KEPT)
def test_each_is_one_item(kept: str) -> None:
    assert items(f"See {kept} now") == [kept]
    assert items(f"({kept}), then") == [kept]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,234.56 ¥5", ["1,234.56 ¥5"]),
        ("1,234.56 ¥5 house", ["1,234.56 ¥5"]),
        ("pay 5 € 7 times", ["5 €"]),
        ("5€7", ["5€"]),
    ],
)
def test_a_sign_between_two_numbers_belongs_to_one(text: str, expected: list[str]) -> None:
    assert items(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("Hello, world!", "5 p.m.", "in 1999", "e.g. this", "well-known", "the 1st of May"),
        *("It's 7 o'clock (or 8).", "and/or", "What?! No...", "São Paulo", "“curly”", "a — b"),
    ],
)
def test_ordinary_text_has_none(text: str) -> None:
    assert items(text) == []


@pytest.mark.parametrize("kept", ["https://example.com/a", "anna@example.com", "www.example.com"])
@pytest.mark.parametrize("after", [".", ",", ")", "!", "?", '"', ":"])
def test_a_mark_after_a_link_is_not_part_of_it(kept: str, after: str) -> None:
    assert items(f"Look at {kept}{after} Then go") == [kept]


def test_neighbours_are_one_placeholder() -> None:
    made = masked("Hi 😀😀 @anna @bob, see #a #b", {})
    assert len(MARK.findall(made.text)) == 2
    assert made.unmasked(made.text) == "Hi 😀😀 @anna @bob, see #a #b"


def test_what_touches_a_word_touches_it_again() -> None:
    made = masked("e😀e a😀 😀b", {})
    assert made.unmasked(made.text) == "e😀e a😀 😀b"
    assert " ⟦" in made.text


def test_words_outside_an_alphabet_are_kept_whole() -> None:
    alphabet = frozenset("abcdefghijklmnopqrstuvwxyz .東京")

    def kept(text: str) -> list[str]:
        return [each.text for each in masked(text, {}, alphabet).kept]

    assert kept("a müller b") == ["müller"]
    assert kept("a Rose b") == []
    assert masked("a Rose b", {}, alphabet).text == "a rose b"
    assert kept("東京都") == ["都"]
    assert kept("x\u0302y") == ["x\u0302y"]


def test_terms_are_whole_words_in_any_case_and_the_longer_one_wins() -> None:
    glossary = {"cat": "gato", "cat food": "ração", "C++": "C++", "猫": "gato"}

    def result(text: str) -> str:
        made = masked(text, glossary)
        return made.unmasked(made.text)

    assert result("Cat, category, CAT FOOD and C++") == "gato, category, ração and C++"
    assert result("https://cat.com/cat 私は猫です") == "https://cat.com/cat 私はgatoです"


def test_placeholders_are_counted_anew_and_must_all_come_back() -> None:
    text, marks = numbered("a ⟦7⟧ b ⟦3⟧")
    assert (text, marks) == ("a ⟦1⟧ b ⟦2⟧", ["⟦7⟧", "⟦3⟧"])
    assert renumbered("⟦2⟧ c ⟦1⟧", marks) == "⟦3⟧ c ⟦7⟧"
    for wrong in ("⟦1⟧", "⟦1⟧ ⟦1⟧ ⟦2⟧", "⟦1⟧ ⟦2⟧ ⟦3⟧", "⟦0⟧ ⟦2⟧"):
        assert renumbered(wrong, marks) is None


@given(text=COMPOSED, most=st.integers(20, 80))
@settings(max_examples=100, deadline=None)
def test_pieces_make_up_the_text(text: str, most: int) -> None:
    masks = masked(text, {}).text
    for cut in (pieces.lines, pieces.sentences, pieces.gaps):
        parts = list(cut(masks, most))
        assert "".join("".join(part) for part in parts) == masks
    assert all(len(part.core) <= most for part in pieces.lines(masks, most))


def test_a_line_is_cut_after_a_sentence_if_it_can_be() -> None:
    text = "One two three four. Five six seven eight, nine ten eleven."
    assert [part.core for part in pieces.lines(text, 30)] == [
        "One two three four.",
        "Five six seven eight,",
        "nine ten eleven.",
    ]


def test_equal_texts_are_asked_once_and_answers_are_in_order() -> None:
    odd = Odd(3)
    texts = ["Good morning", "Good night", "Good morning"]
    result = by(odd, *texts)
    assert result.texts[0] == result.texts[2]
    assert len(set(odd.asked)) == len(odd.asked)


def test_what_fails_is_kept_and_counted() -> None:
    class Silent(Odd):
        def _said(self, text: str) -> str:
            return ""

    result = by(Silent(1), "Good morning.\nGood night.")
    assert result.texts == ["Good morning.\nGood night."]
    assert result.kept == 2


def test_no_call_begins_after_the_deadline() -> None:
    with pytest.raises(TranslationError) as caught:
        translate(Odd(1), ["Hello."], "en", "pt", deadline=time.monotonic() - 1)
    assert caught.value.code == "translator_timeout"


@pytest.mark.parametrize(
    "part",
    [
        *(
            "a",
            "1",
            "1.",
            "<",
            "<a",
            "`",
            "```",
            "@a",
            "#",
            ":a",
            "{",
            "%(",
            "a@",
            "a.",
            "www.",
            "$",
        ),
        *(
            "⟦",
            "⟦1⟧",
            "😀\u200d",
            "\u0301",
            "http://",
            "a-",
            "&",
            "!",
            ". ",
            "- ",
            "\n",
            "9.9 ",
            "x²",
        ),
    ],
)
def test_masking_and_cutting_take_linear_time(part: str) -> None:
    glossary = {f"term {n}": "x" for n in range(100)}

    def run(count: int) -> None:
        text = masked(part * count, glossary, frozenset("abc")).text
        for cut in (pieces.lines, pieces.sentences, pieces.gaps):
            list(cut(text, 600))

    assert is_linear(run, 20_000)


def test_lines_that_are_known_are_not_translated_twice(firefox: Translator) -> None:
    both = into_portuguese(firefox, "Good morning.", "Good morning.").texts
    assert both[0] == both[1] == "Bom dia."
