"""When the lines of a dubbing begin, and how fast they are spoken."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from troupe.dubbing.records import Line
from troupe.dubbing.timing import FASTEST, Placed, Spoken, placed
from troupe.speech.engine import WordTiming

RATE = 24_000


class Tone:
    """Sounds for as many seconds as a text says. `obedience`: how much of a speed it keeps to."""

    def __init__(self, obedience: float = 1.0) -> None:
        self._obedience = obedience

    def speak(self, text: str, speed: float) -> Spoken:
        seconds = float(text) / (1 + self._obedience * (speed - 1))
        times = np.arange(round(seconds * RATE)) / RATE
        samples = (9000 * np.sin(2 * np.pi * 220 * times)).astype(np.int16)
        return Spoken(samples, RATE, (WordTiming(text, 0.0, seconds),) if seconds else ())


def dubbed(*lines: tuple[float, float], obedience: float = 1.0, until: float = 60) -> list[Placed]:
    """Lines by their start and the length of their translation, in seconds."""
    originals = [
        Line(text="", start=start, end=start + 1, said=str(seconds)) for start, seconds in lines
    ]
    found = list(placed(originals, Tone(obedience), until))
    for one, other in pairwise(found):
        assert one.start + one.spoken.seconds <= other.start
    return found


def test_a_line_that_fits_begins_on_time_at_the_usual_speed() -> None:
    found = dubbed((0.5, 2.0), (3.0, 3.9), (7.0, 0.0), (7.0, 9.0))
    assert [each.start for each in found] == [0.5, 3.0, 7.0, 7.0]
    assert [(each.late, each.speed) for each in found] == [(0.0, 1.0)] * 4


@pytest.mark.parametrize("obedience", [1.0, 0.9, 0.0])
def test_a_line_that_is_too_long_is_spoken_faster_whatever_the_engine_does(
    obedience: float,
) -> None:
    first, second = dubbed((1.0, 5.0), (5.0, 1.0), obedience=obedience)
    assert first.speed == pytest.approx(5 / 3.94, rel=0.02)
    assert first.spoken.words[0].end == pytest.approx(first.spoken.seconds, abs=0.05)
    assert second.start == pytest.approx(5.0, abs=0.05)
    assert second.late == second.start - 5.0


def test_the_last_line_ends_with_the_recording_if_it_can() -> None:
    (line,) = dubbed((4.0, 5.0), until=8.0)
    assert line.start + line.spoken.seconds == pytest.approx(8.0, abs=0.02)


def test_a_line_that_is_far_too_long_delays_the_next_and_a_pause_makes_up_for_it() -> None:
    first, second, third = dubbed((0.0, 5.4), (2.0, 1.9), (20.0, 1.0))
    assert first.spoken.seconds == pytest.approx(5.4 / FASTEST, rel=0.02)
    assert second.late == pytest.approx(2.06, abs=0.05)
    assert second.speed == 1.0
    assert (third.start, third.late) == (20.0, 0.0)


def test_late_lines_are_spoken_as_fast_as_possible_until_they_are_on_time() -> None:
    found = dubbed((0.0, 4.0), (2.0, 2.2), (4.0, 2.2), (6.0, 2.0), (8.0, 1.0))
    lates = [each.late for each in found]
    assert lates == sorted(lates[:2]) + sorted(lates[2:], reverse=True)
    assert lates[-1] == pytest.approx(0, abs=0.05)
    assert all(each.speed <= FASTEST * 1.02 for each in found)
