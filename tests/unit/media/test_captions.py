# ruff: noqa: RUF001 - this file tests punctuation of other scripts
from __future__ import annotations

import html
import io
import re
from itertools import pairwise

import pytest
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from troupe.media.captions import (
    LINE,
    MAX_SECONDS,
    MIN_SECONDS,
    Cue,
    cues,
    to_srt,
    to_vtt,
    width,
    words_from_json,
    words_to_json,
)
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
@settings(max_examples=300, deadline=None)
def test_the_rules_hold_for_any_words(words: list[WordTiming]) -> None:
    shown = cues(words)
    assert "".join("".join(cue.text.split()) for cue in shown) == "".join(w.text for w in words)
    assert all(cue.start <= cue.end for cue in shown)
    assert all(a.end <= b.start for a, b in pairwise(shown))
    assert shown[0].start == words[0].start
    assert shown[-1].end == words[-1].end
    for cue in shown:
        lines = cue.text.split("\n")
        assert len(lines) <= 2
        assert all(width(line) <= LINE for line in lines)


def test_a_cue_ends_at_the_end_of_a_sentence() -> None:
    shown = cues(timed("This is the first one. And this is the second one. Third"))
    assert [cue.text for cue in shown] == [
        "This is the first one.",
        "And this is the second one.",
        "Third",
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
    assert first.end == 0.95
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
    (cue,) = cues(timed("these are just about fifty columns of the one text it", each=0.2))
    one, two = cue.text.split("\n")
    assert abs(len(one) - len(two)) < 8


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


def test_json_keeps_words_to_the_millisecond() -> None:
    words = [WordTiming('a "b" é 字', 0.0004, 1.2345), WordTiming("c", 1.2345, 3700.5)]
    data = words_to_json(words)
    assert data == '[["a \\"b\\" é 字",0,1234],["c",1234,3700500]]'
    assert words_from_json(data.encode()) == [
        WordTiming('a "b" é 字', 0.0, 1.234),
        WordTiming("c", 1.234, 3700.5),
    ]


@pytest.mark.parametrize("data", ["", "5", "[1]", '[["a",1]]', '[["a","b","c"]]', "{}x"])
def test_json_that_is_not_a_word_list_is_rejected(data: str) -> None:
    with pytest.raises(ValueError):  # json's own message, or ours
        words_from_json(data)
