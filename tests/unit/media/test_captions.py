# ruff: noqa: RUF001 - this file tests punctuation of other scripts
from __future__ import annotations

import html
import io
import re
from dataclasses import replace
from itertools import pairwise

import pytest
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from troupe.borders import Border
from troupe.media.captions import (
    LINE,
    Cue,
    Said,
    to_srt,
    to_vtt,
    width,
)
from troupe.media.captions.cues import captions, cues
from troupe.media.captions.timing import FRAMES, MAX_SECONDS, MIN_SECONDS
from troupe.speech.engine import WordTiming


def timed(text: str, *, each: float = 0.3, gap: float = 0.05) -> list[WordTiming]:
    return [
        WordTiming(word, n * (each + gap), n * (each + gap) + each)
        for n, word in enumerate(text.split())
    ]


@st.composite
def timings(draw: st.DrawFn) -> list[WordTiming]:
    at, words = 0.0, []
    for _ in range(draw(st.integers(1, 60))):
        text = draw(st.text(alphabet="abcé.,!?字你。，ー👍🏽\u0301-<&>", min_size=1, max_size=20))
        start = at + draw(st.sampled_from([0.0, 0.01, 0.2, 1.5]))
        at = start + draw(st.sampled_from([0.0, 0.05, 0.4, 3.0, 9.0]))
        words.append(WordTiming(text, start, at))
    return words


@given(timings())
@settings(max_examples=150, deadline=None)
def test_the_rules_hold_for_any_words(words: list[WordTiming]) -> None:
    shown = cues(words)
    assert "".join("".join(cue.text.split()) for cue in shown) == "".join(w.text for w in words)
    assert all(cue.start <= cue.end for cue in shown)
    assert all(a.end <= b.start for a, b in pairwise(shown))
    assert shown[0].start == words[0].start
    assert shown[-1].end == words[-1].end
    assert not any(0 < b.start - a.end < FRAMES - 1e-9 for a, b in pairwise(shown))
    for cue in shown:
        lines = cue.text.split("\n")
        assert len(lines) <= 2
        assert all(width(line) <= LINE for line in lines)
        assert "".join("".join(word.text.split()) for word in cue.words) == "".join(
            cue.text.split()
        )


def test_a_cue_ends_at_the_end_of_a_sentence() -> None:
    shown = cues(timed("This is the first one. And this is the second one. The third is long too."))
    assert [cue.text for cue in shown] == [
        "This is the first one.",
        "And this is the second one.",
        "The third is long too.",
    ]


def test_very_short_sentences_share_a_cue() -> None:
    shown = cues(timed("Yes. No. Well, that is as it may be."))
    assert shown[0].text == "Yes. No. Well, that is as it may be."


def test_a_pause_separates_cues() -> None:
    words = [WordTiming("one", 0, 0.5), WordTiming("two", 1.5, 2.0)]
    assert [cue.text for cue in cues(words)] == ["one", "two"]


def test_a_short_cue_is_extended_into_the_silence_after_it() -> None:
    words = [WordTiming("one", 0, 0.2), WordTiming("two", 0.95, 1.1), WordTiming("x", 5, 5.2)]
    first, second, last = cues(words)
    assert first.end == pytest.approx(MIN_SECONDS)
    assert second.end == pytest.approx(0.95 + MIN_SECONDS)
    assert last.end == 5.2


def test_a_long_sentence_is_split_at_its_comma() -> None:
    text = (
        "When the morning came the fishermen went down to the boats, and nobody spoke a word of it"
    )
    shown = cues(timed(text, each=0.2))
    assert shown[0].text.replace("\n", " ").endswith("boats,")


def test_no_cue_is_longer_than_six_seconds() -> None:
    shown = cues(timed("so it went on and on and on and on", each=1.0))
    assert all(cue.end - cue.start <= MAX_SECONDS for cue in shown)


def test_two_lines_are_balanced() -> None:
    (cue,) = cues(timed("these are just about fifty columns hold one text it", each=0.2))
    one, two = cue.text.split("\n")
    assert abs(len(one) - len(two)) < 8


def bordered(*parts: str | Border, each: float = 0.3, gap: float = 0.05) -> list[WordTiming]:
    """Words as the reading layer gives them: as in the source, with the borders after them."""
    words: list[WordTiming] = []
    at = 0.0
    for part in parts:
        if isinstance(part, Border):
            words[-1] = replace(words[-1], border=part)
            continue
        for text in re.findall(r"\S+\s*", part):
            words.append(WordTiming(text, at, at + each))
            at += each + gap
    return words


S, ITEM, P = Border.SENTENCE, Border.ITEM, Border.PARAGRAPH


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        # A full stop that ends no sentence ends no cue either.
        (
            bordered("On Monday she went to the old town to meet Dr. ", "Marlow at the gate. ", S),
            ["On Monday she went to the old town", "to meet Dr. Marlow at the gate."],
        ),
        (
            bordered("Das kostet heute bei uns im Laden genau ", "1.200 Euro, z. B. im Mai. ", S),
            ["Das kostet heute bei uns im Laden", "genau 1.200 Euro, z. B. im Mai."],
        ),
        # Headings, items and paragraphs are apart, and markers stay with their items.
        (
            bordered("The Water ", Border.HEADING, "There was a bell. ", P, "It rang. ", S),
            ["The Water", "|", "There was a bell.", "|", "It rang."],
        ),
        (bordered("• two eggs ", ITEM, "• some milk ", ITEM), ["• two eggs", "|", "• some milk"]),
        # Opening marks go with the next word, articles too.
        (
            bordered("Il se tourna vers la mer et dit : « ", "Jamais je ne reviendrai ici ! » ", S),
            ["Il se tourna vers la mer et dit :", "« Jamais je ne reviendrai ici ! »"],
        ),
        (
            bordered("She could hear nothing at all except the ", "waves of the sea. ", S),
            ["She could hear nothing at all", "except the waves of the sea."],
        ),
    ],
)
def test_cues_and_lines_break_where_a_subtitler_would(
    words: list[WordTiming], expected: list[str]
) -> None:
    shown = "\n|\n".join(cue.text for cue in cues(words))
    assert shown.split("\n") == expected


def test_without_borders_the_ends_of_sentences_are_guessed() -> None:
    shown = cues(timed("We went to see Dr. Marlow and Prof. Lind there. They paid 1.200 for it."))
    assert [cue.text.replace("\n", " ") for cue in shown] == [
        "We went to see Dr. Marlow and Prof. Lind there.",
        "They paid 1.200 for it.",
    ]


def dialogue(*lines: tuple[str, str], pause: float = 0.4) -> list[Said]:
    said, at = [], 0.0
    for number, (speaker, text) in enumerate(lines):
        words = [replace(w, start=w.start + at, end=w.end + at) for w in bordered(text, S)]
        said.append(Said(words, speaker, number))
        at = words[-1].end + pause
    return said


def test_a_short_line_stays_until_the_next_speaker() -> None:
    first, second, third = captions(
        dialogue(("Ann", "Yes!"), ("Ben", "No."), ("Ann", "Then we must go now.")), until=9
    )
    assert [(c.speaker, c.line, c.text) for c in (first, second)] == [
        ("Ann", 0, "Yes!"),
        ("Ben", 1, "No."),
    ]
    assert (first.end, second.end) == (second.start, third.start)
    assert third.end == pytest.approx(third.words[-1].end, abs=1.5)


def test_the_last_cue_stays_no_longer_than_the_audio() -> None:
    (cue,) = cues(bordered("Yes!"), until=0.5)
    assert cue.end == 0.5


@pytest.mark.parametrize("name", ["Ann", "Professor Quillfeather", "Anna-Maria " * 9, "王小明" * 9])
def test_names_count_as_columns(name: str) -> None:
    text = "It was the rain that woke me in the night, and then Donaudampfschifffahrtsgesellschaft "
    shown = captions(dialogue((name, text), (name, "Pneumonoultramicroscopicsilicovolcanoco ")))
    blocks = [block.split("\n")[2:] for block in to_srt(shown).strip().split("\n\n")]
    assert all(len(lines) <= 2 and max(map(width, lines)) <= LINE for lines in blocks)
    said = "".join("".join(cue.text.split()) for cue in shown)
    assert said == "".join(text.split()) + "Pneumonoultramicroscopicsilicovolcanoco"


def test_the_name_stands_alone_where_a_long_word_leaves_it_no_room() -> None:
    shown = captions(dialogue(("Ann", "Pneumonoultramicroscopicsilicovolcanoco")))
    assert to_srt(shown).split("\n")[2:4] == ["Ann:", "Pneumonoultramicroscopicsilicovolcanoco"]


UNSPACED = {
    "Chinese": "今天早上老港口很安静渔夫们低声谈论着天气和明天的风暴"
    "他们说海上的风浪会越来越大孩子们站在码头上",
    "Japanese": "彼女は小さな港町で生まれ、祖母の語る「昔話」を聞きながら育った。"
    "それから東京へ行かなければならない。",
    "Thai": "สวัสดีครับ วันนี้อากาศดีมาก ผมจะไปตลาดกับแม่ตอนเช้าเพื่อซื้อผัก และผลไม้สดๆ ที่ชาวบ้านนำมาขาย",
    "Khmer": "ខ្ញុំទៅសាលារៀនជាមួយមិត្តភក្តិរបស់ខ្ញុំរាល់ព្រឹក ហើយយើងរៀនភាសាខ្មែរ",
}


@pytest.mark.parametrize("script", UNSPACED)
@pytest.mark.parametrize("size", [1, 3, 4, 200])
def test_scripts_without_spaces_are_never_torn(script: str, size: int) -> None:
    """Whatever pieces the times come in."""
    from icu4py.breakers import WordBreaker

    text = UNSPACED[script]
    parts = [text[at : at + size] for at in range(0, len(text), size)]
    each = 0.12 * size
    shown = cues([WordTiming(p, n * each, (n + 1) * each, None) for n, p in enumerate(parts)])
    lines = [line for cue in shown for line in cue.text.split("\n")]
    assert len(lines) > 1
    at, whole = 0, {0, *(end for _, end in WordBreaker(text, "ja").segments())}
    for line in lines:
        at = text.index(line, at) + len(line)
        assert at in whole
        assert line[0] not in "、。」ๆー"
        assert line[-1] not in "「（"
    # Phrase spaces of Thai are kept, apart from those where a line ends.
    assert " ".join(lines).count(" ") >= text.count(" ")


def test_chinese_lines_have_sixteen_characters_and_no_spaces() -> None:
    words = timed("今天早上 老港口很 安静，渔 夫们低声 谈论着天 气和明天 的风暴", each=0.4, gap=0)
    shown = cues(words)
    text = "".join(cue.text for cue in shown)
    assert " " not in text
    assert max(len(line) for cue in shown for line in cue.text.split("\n")) <= 16


def test_korean_keeps_its_spaces() -> None:
    assert cues(timed("오늘 아침"))[0].text == "오늘 아침"


def test_a_word_wider_than_a_line_is_split_with_its_time() -> None:
    shown = cues([WordTiming("x" * 200, 0.0, 20.0)])
    assert "".join("".join(cue.text.split()) for cue in shown) == "x" * 200
    assert shown[-1].end == 20.0


def test_no_words_make_no_cues() -> None:
    assert cues([]) == []
    assert to_vtt([]) == "WEBVTT\n"
    assert to_srt([]) == ""


NASTY = [
    Cue(0, 1, "a --> b & <b>c</b>\n\n\nd"),
    Cue(1, 1, "zero long", "Eve <x> & \n Co"),
    Cue(1.0004, 2, "NOTE this\x00is\u2028one"),
    Cue(400_000.25, 400_001, "late"),
]


def test_another_parser_reads_the_vtt() -> None:
    read = webvtt.from_buffer(io.StringIO(to_vtt(NASTY)))
    assert [(cue.start, cue.end) for cue in read.captions] == [
        ("00:00:00.000", "00:00:01.000"),
        ("00:00:01.000", "00:00:01.001"),
        ("00:00:01.001", "00:00:02.000"),
        ("111:06:40.250", "111:06:41.000"),
    ]
    assert html.unescape(read[0].raw_text) == "a --> b & <b>c</b>\nd"
    assert read[1].voice == "Eve &lt;x&gt; &amp; Co"
    assert html.unescape(read[2].raw_text) == "NOTE thisis\none"


def test_vtt_has_arrows_only_in_time_lines() -> None:
    arrows = [line for line in to_vtt(NASTY).splitlines() if "-->" in line]
    assert all(
        re.fullmatch(r"\d\d+:\d\d:\d\d\.\d{3} --> \d\d+:\d\d:\d\d\.\d{3}", a) for a in arrows
    )
    assert len(arrows) == len(NASTY)


def test_srt() -> None:
    assert to_srt(NASTY[:2]) == (
        "1\n00:00:00,000 --> 00:00:01,000\na → b & <b>c</b>\nd\n"
        "\n2\n00:00:01,000 --> 00:00:01,001\nEve <x> & Co: zero long\n"
    )


@given(timings())
@settings(max_examples=100, deadline=None)
def test_another_parser_reads_every_cue(words: list[WordTiming]) -> None:
    shown = cues(words)
    read = webvtt.from_buffer(io.StringIO(to_vtt(shown)))
    assert [html.unescape(cue.raw_text) for cue in read.captions] == [cue.text for cue in shown]
    starts = [cue.start_in_seconds for cue in read.captions]
    assert starts == sorted(starts)
