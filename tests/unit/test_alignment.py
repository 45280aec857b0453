"""The times of characters, from those of words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from troupe.elevenlabs_api.alignment import character_times
from troupe.speech.engine import WordTiming


def test_characters_share_the_time_of_their_word_and_the_silence_between() -> None:
    words = [WordTiming("Oh, ", 0.2, 0.5), WordTiming("no", 0.7, 0.9)]
    assert character_times("Oh, no!", words, 1.0) == [
        *((0.2, 0.3), (0.3, 0.4), (0.4, 0.5)),
        *((0.5, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 1.0)),
    ]


def test_marks_that_are_not_spoken_are_silent() -> None:
    words = [WordTiming("Yes", 0.0, 0.3), WordTiming("sir", 0.3, 0.6)]
    times = character_times("**Yes** sir", words, 0.6)
    assert times[:3] == [(0.0, 0.0), (0.0, 0.0), (0.0, 0.1)]
    assert times[5:8] == [(0.3, 0.3)] * 3


def test_words_that_the_text_does_not_have_are_left_out() -> None:
    words = [WordTiming("two", 0.0, 0.5), WordTiming("cats", 0.5, 1.0)]
    assert character_times("2 cats", words, 1.0)[2:] == [
        *((0.5, 0.625), (0.625, 0.75), (0.75, 0.875), (0.875, 1.0))
    ]


times = st.floats(0, 100)
timings = st.builds(WordTiming, st.text(max_size=5), times, times)


@given(st.text(max_size=40), st.lists(timings, max_size=10), times)
def test_times_never_go_back(text: str, words: list[WordTiming], seconds: float) -> None:
    found = character_times(text, words, seconds)
    assert len(found) == len(text)
    flat = [time for pair in found for time in pair]
    assert flat == sorted(flat)
