"""What nobody said is removed; what somebody said is not."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.speeches import noise, silence
from troupe.recognition.energy import audible_span, is_audible, levels, pause
from troupe.recognition.filters import said
from troupe.recognition.transcriber import RATE, Segment, Word

LOUD = noise(8)


def segment(text: str, start: float = 1.0, end: float = 2.0, **doubts: float) -> Segment:
    parts = text.split()
    step = (end - start) / len(parts)
    probability = doubts.pop("probability", None)
    words = tuple(
        Word(f"{part} ", start + n * step, start + (n + 1) * step, probability)
        for n, part in enumerate(parts)
    )
    return Segment(words, **doubts)


SURE = {"no_speech": 0.05, "log_probability": -0.2}


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (segment("Hello there.", no_speech=0.7, log_probability=-1.1), "an unlikely text"),
        (segment("Thank you.", no_speech=0.4, log_probability=-0.3), "a known phrase"),
        (segment("ご視聴ありがとうございました", no_speech=0.4), "the same in Japanese"),
        (segment("Субтитры сделал DimaTorzok", probability=0.2), "the same by guesses"),
        (segment("[Music]"), "a description"),
        (segment("♪ ♪"), "notes"),
        (segment("..."), "punctuation"),
        (segment("no " * 12), "a loop"),
        (segment("so it is " * 6), "a loop of several words"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_inventions_are_removed(found: Segment, why: str) -> None:
    assert said([found], LOUD) == (), why


@pytest.mark.parametrize(
    "found",
    [
        segment("Thank you.", **SURE),
        segment("You!", probability=0.9, **SURE),
        segment("No, no, no, no.", **SURE),
        segment("He said [sic] it (twice)."),
        segment("Good evening, and welcome.", no_speech=0.7, log_probability=-0.4),
        segment("Hm.", no_speech=0.2, log_probability=-1.4),
        segment("long live the king " * 2 + "and queen"),
        segment("one two three " * 6, 0, 7),
    ],
    ids=lambda found: found.text,
)
def test_speech_is_kept(found: Segment) -> None:
    (kept,) = said([found], LOUD)
    assert kept.text == found.text


def test_what_is_heard_in_silence_is_removed() -> None:
    sound = np.concatenate([LOUD[: 3 * RATE], silence(3)])
    heard = segment("One two three.", 0.5, 2.5, **SURE), segment("Four five.", 3.5, 5.0, **SURE)
    assert [each.text for each in said(heard, sound)] == ["One two three."]


def test_a_phrase_is_invented_where_it_is_quiet() -> None:
    hiss = noise(4, 0.004)
    assert said([segment("Thank you.", **SURE)], hiss) == ()
    assert said([segment("Thank her.", **SURE)], hiss) != ()


def test_a_recogniser_that_is_stuck_is_heard_twice() -> None:
    again = [segment("And then we left.", n, n + 0.3, **SURE) for n in range(5)]
    other = segment("So what?", 6, 7, **SURE)
    assert len(said([*again, other], LOUD)) == 3


def test_somebody_who_repeats_a_sentence_is_heard_each_time() -> None:
    again = [segment("And then we left.", n, n + 0.9, **SURE) for n in range(5)]
    assert len(said(again, LOUD)) == 5


def test_times_are_brought_into_order_and_into_the_sound() -> None:
    wrong = [segment("One two.", -1, 0.5), segment("Three four.", 0.2, 1), segment("Five.", 7.5, 9)]
    kept = said(wrong, LOUD)
    times = [time for each in kept for word in each.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert (times[0], times[-1]) == (0, 8)
    assert said([segment("After the end.", 9, 10)], LOUD) == ()


def test_silence_around_a_segment_is_cut_off() -> None:
    sound = np.concatenate([silence(1), noise(1), silence(1)])
    (kept,) = said([segment("One two.", 0, 3, **SURE)], sound)
    assert kept.start == pytest.approx(1, abs=0.04)
    assert kept.end == pytest.approx(2, abs=0.04)


def test_a_word_after_a_pause_begins_where_it_sounds() -> None:
    """In the middle of a segment as well, and if it was found before the pause, right after the
    last word of the sentence before."""
    sound = np.concatenate([LOUD[:RATE], silence(2), LOUD[: 2 * RATE], silence(1), LOUD[:RATE]])
    first = Segment((Word("Done. ", 0.5, 1.0),))
    torn = Word("The ", 1.0, 1.6), Word("people ", 3.3, 3.8), Word("left, ", 3.8, 5.0)
    later = Word("but ", 5.0, 6.2), Word("not ", 6.2, 6.4), Word("all. ", 6.4, 7.0)
    _, kept = said([first, Segment((*torn, *later), **SURE)], sound)
    starts = [word.start for word in kept.words]
    assert starts == pytest.approx([3.0, 3.3, 3.8, 6.0, 6.2, 6.4], abs=0.04)
    assert kept.words[0].end == 3.3
    # The end of the word before may be in front of the pause.
    late = Segment((Word("Today ", 0.8, 3.5), Word("all ", 3.5, 3.8)), **SURE)
    assert said([first, late], sound)[1].start == pytest.approx(3.0, abs=0.04)
    # What is said before a pause stays there.
    alone = Segment((Word("Well, ", 0.2, 0.8), Word("people ", 3.3, 3.8)), **SURE)
    assert said([alone], sound)[0].start == pytest.approx(0.2, abs=0.04)


def test_a_constant_is_silence() -> None:
    assert not is_audible(np.full(RATE, 9000, np.int16))
    assert is_audible(noise(1))
    assert not is_audible(noise(0.05))
    assert audible_span(silence(1)) is None
    assert len(levels(silence(0.01))) == 0


def test_sound_is_cut_at_the_quietest_pause() -> None:
    sound = np.concatenate([noise(3), silence(0.4), noise(2), noise(0.4, 0.005), noise(4.2)])
    assert pause(sound) / RATE == pytest.approx(3.2, abs=0.06)


def test_without_a_pause_it_is_cut_in_the_middle() -> None:
    assert pause(silence(10)) / RATE == pytest.approx(5, abs=0.05)
    assert pause(silence(0.1)) == RATE // 20
