"""The waveform that is measured while a sound is written."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from troupe.media.peaks import MOST, PER_SECOND, Peaks
from troupe.media.waveform import Waveform


def measured(seconds: float, *chunks: tuple[list[int], int]) -> tuple[list[int], list[int]]:
    peaks = Peaks(seconds)
    for samples, rate in chunks:
        peaks.add(np.array(samples, np.int16), rate)
    low, high = peaks.waveform()
    return list(low), list(high)


def test_each_stretch_has_its_lowest_and_its_highest_sample() -> None:
    loud, quiet = 0x4000, -0x2000
    low, high = measured(2 / PER_SECOND, ([loud, quiet, 0, 0x100, -0x100, 0], 3 * PER_SECOND))
    assert (low, high) == ([-0x20, -1], [0x40, 1])


def test_the_extremes_fit_into_eight_bits() -> None:
    assert measured(1 / PER_SECOND, ([-32768, 32767], 2 * PER_SECOND)) == ([-128], [127])


def test_another_rate_goes_on_where_the_sound_is() -> None:
    first, second = ([0x1000] * 10, 10 * PER_SECOND), ([0x2000] * 20, 20 * PER_SECOND)
    assert measured(2 / PER_SECOND, first, second)[1] == [0x10, 0x20]


def test_a_sound_that_is_longer_than_expected_ends_in_the_last_stretch() -> None:
    low, high = measured(1 / PER_SECOND, ([0x100] * 10, PER_SECOND), ([0x7F00], PER_SECOND))
    assert (low, high) == ([0], [0x7F])


@pytest.mark.parametrize(("seconds", "count"), [(0, 1), (0.001, 1), (10, 500), (90_000, MOST)])
def test_the_number_of_stretches_is_bounded(seconds: float, count: int) -> None:
    assert len(Peaks(seconds).waveform().low) == count


@given(st.lists(st.lists(st.integers(-32768, 32767), max_size=50), max_size=8))
def test_the_blocks_of_a_sound_make_no_difference(blocks: list[list[int]]) -> None:
    rate, whole = 16 * PER_SECOND, [sample for block in blocks for sample in block]
    seconds = max(1, len(whole)) / rate
    at_once = measured(seconds, (whole, rate))
    assert measured(seconds, *((block, rate) for block in blocks)) == at_once


def test_what_is_stored_is_read_again() -> None:
    peaks = Peaks(1.0)
    peaks.add(np.arange(-24000, 24000, dtype=np.int16), 48000)
    waveform = peaks.waveform()
    packed = waveform.packed()
    assert len(packed) == 2 * PER_SECOND
    assert Waveform.unpacked(packed) == waveform
